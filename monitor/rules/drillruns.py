"""What becomes of a run of a drill: opened, heard of, closed, and noticed when nobody hears of it any more.

1. A run is opened once. The same again, under the same name, is known and changes nothing; anything else under that
   name is refused. So is a run that would last for more than 24 h, and one on a platform where another is open and
   heard of: two drills at once can't tell what is whose.
2. A journal only grows: a head that goes back is refused. Another hash under a number that was told of is
   equivocation: somebody wrote the journal anew, or two machines run one run. It is refused, and audited as such.
3. The same head again says that the run is alive.
4. A run is closed once, and its verdict then stays. Closed without residue it never changes again. Closed with residue
   it may go on (`drill resume`), and be closed again with less left behind: some of the same names, or none.
5. Who passed left nothing behind: a run that says both is refused.
   Where its journal is lost a person may close it by hand, with the head that was told of last: it counts as failed,
   and once more when what was left behind is gone. From then on nothing but a person's word is taken of it: a process
   that is still at work has to hear at once that the run is not its own any more.
6. A run that isn't closed by its end counts as failed, until it is told how it ended: results may come late.
7. Somebody is woken when an open run was not heard of for two minutes, or is past its end, and when one was closed
   with residue; once each. It is over when the run is heard of again before its end, or closed without residue.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.model.drill import (
    DrillRun,
    HeadAct,
    JournalHead,
    RunClosing,
    RunHappening,
    RunOpening,
    RunRefusal,
    RunRepeat,
    RunStanding,
    RunStep,
    RunTold,
    RunVerdict,
)
from monitor.model.page import Page
from monitor.rules import drill_audit, drill_pages, reasons

SILENT_AFTER: Final = timedelta(minutes=2)
LONGEST: Final = timedelta(hours=24)
RESERVED: Final = frozenset({"calendar"})
"""Names that a run can't have: they stand for something else in the interface."""

_BY_HAND: Final = frozenset({RunVerdict.FAILED, RunVerdict.CLEAN_UP_FAILED})

Ruling = RunStep | RunRepeat | RunRefusal


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells something, in whose deployment, and when."""

    by: str
    deployment: str
    now: datetime


def standing(run: DrillRun, quiet_for: timedelta, now: datetime | None) -> RunStanding:
    """Return where a run stands, when nobody has heard of it for so long. `now` None: nobody knows what time it is."""
    if run.closings:
        return RunStanding.CLOSED
    if now is not None and now >= run.opening.until:
        return RunStanding.OVERDUE
    if run.told is RunTold.OPEN or quiet_for >= SILENT_AFTER:
        return RunStanding.SILENT
    return RunStanding.OPEN


def opened(opening: RunOpening, known: DrillRun | None, other: DrillRun | None, teller: Teller) -> Ruling:
    """Return what opening a run leads to. `known` has its name; `other` is open on the platform, and heard of."""
    if known is not None:
        if known.opening == opening:
            return RunRepeat(HeadAct.OPEN, opening.head)
        return RunRefusal("a run of this name was opened before, with something else in it: take a new name")
    why = _no_run(opening, other, teller.now)
    if why:
        return RunRefusal(why)
    run = DrillRun(opening, teller.now, teller.by, teller.now, opening.head)
    return _step(run, RunHappening.OPENED, HeadAct.OPEN, None, teller)


def heard(run: DrillRun, head: JournalHead, known_hash: str | None, teller: Teller) -> Ruling:
    """Return what a head leads to. `known_hash` is what was told of under its number; None: nothing."""
    refusal = _backwards(run, head, known_hash, teller)
    if refusal is not None:
        return refusal
    if _is_by_hand(run):
        return RunRefusal(_a_person_s(run))
    if head == run.head and run.closings:
        return RunRepeat(None, head)
    if run.closings and not run.residue:
        return RunRefusal(_stays(run))
    act = None if head == run.head else HeadAct.HEAD
    after = replace(run, head=head, heard_at=teller.now)
    page = None
    happening = RunHappening.HEAD if act else RunHappening.ALIVE
    if run.told is RunTold.OPEN and teller.now < run.opening.until:
        after = replace(after, told=RunTold.NOTHING)
        page = drill_pages.heard_again(after, teller.deployment, teller.now)
        happening = RunHappening.HEARD_AGAIN
    return _step(after, happening, act, page, teller)


def closed(run: DrillRun, closing: RunClosing, known_hash: str | None, teller: Teller) -> Ruling:
    """Return what the end of a run leads to. `known_hash` as in `heard`."""
    if run.closings and run.closings[-1] == closing:
        return RunRepeat(HeadAct.CLOSE, closing.head)
    refusal = _backwards(run, closing.head, known_hash, teller) or _no_end(run, closing)
    if refusal is not None:
        return refusal
    after = replace(
        run,
        head=closing.head,
        heard_at=teller.now,
        closings=(*run.closings, closing),
        closed_at=run.closed_at or teller.now,
        told=RunTold.RESIDUE if closing.residue else RunTold.NOTHING,
    )
    page = None
    if closing.residue:
        page = drill_pages.left_behind(after, teller.deployment, teller.now)
    elif run.told is not RunTold.NOTHING:
        page = drill_pages.nothing_left(after, teller.deployment, teller.now)
    happening = RunHappening.CLEANED if run.closings else RunHappening.CLOSED
    return _step(after, happening, HeadAct.CLOSE, page, teller)


def looked(run: DrillRun, now_stands: RunStanding, deployment: str, now: datetime) -> RunStep | None:
    """Return what time alone leads to, if anything."""
    if now_stands not in (RunStanding.SILENT, RunStanding.OVERDUE) or run.told is not RunTold.NOTHING:
        return None
    is_silent = now_stands is RunStanding.SILENT
    after = replace(run, told=RunTold.OPEN)
    page = (drill_pages.silent if is_silent else drill_pages.overdue)(after, deployment, now)
    happening = RunHappening.SILENT if is_silent else RunHappening.OVERDUE
    return _step(after, happening, None, page, Teller("", deployment, now))


def _no_run(opening: RunOpening, other: DrillRun | None, now: datetime) -> str:
    """Say why a run can't be opened; empty if it can."""
    if opening.run in RESERVED:
        return f"no run can be named {opening.run}"
    if opening.until <= now:
        return "until: it is over already; look at the clocks of both machines"
    if opening.until > now + LONGEST:
        return f"until: a run lasts for {reasons.span(LONGEST)} at most; look at the clocks of both machines"
    if other is not None:
        begun = f"{other.id} is open on {opening.platform}, begun by {other.opening.operator}"
        return f"{begun}: let it end, or stop it with drill stop {other.id}"
    return ""


def _backwards(run: DrillRun, head: JournalHead, known_hash: str | None, teller: Teller) -> RunRefusal | None:
    """Refuse a head that does not go on from what was told."""
    known = run.head.hash if head.seq == run.head.seq else known_hash
    if known is not None and known != head.hash:
        entry = drill_audit.equivocated(run, head, known, teller.by, teller.now)
        return RunRefusal(
            f"entry {head.seq} was told of with another hash: the journal was written anew, or two machines run it",
            (entry,),
        )
    if head.seq < run.head.seq:
        return RunRefusal(f"entry {run.head.seq} was told of: a journal does not go back to {head.seq}")
    return None


def _no_end(run: DrillRun, closing: RunClosing) -> RunRefusal | None:
    """Say why a run can't end like this, if it can't."""
    why = _no_word(run, closing) if closing.by_hand else ""
    if closing.verdict is RunVerdict.PASSED and closing.residue:
        why = why or "residue: a run that left something behind did not pass"
    if _is_by_hand(run) and not closing.by_hand:
        why = why or _a_person_s(run)
    if run.closings:
        why = why or _not_again(run, closing)
    return RunRefusal(why) if why else None


def _not_again(run: DrillRun, closing: RunClosing) -> str:
    """Say why a run that is closed can't be closed once more like this; empty if it can."""
    if not run.residue:
        return _stays(run)
    if not set(closing.residue) < set(run.residue):
        return (
            f"it was closed with this left behind: {reasons.several(run.residue)}. "
            "It can be closed again with some of these names, or none, and no others"
        )
    if closing.head.seq <= run.closings[-1].head.seq and not closing.by_hand:
        return "it was closed with this very journal: cleaning up adds to it"
    return ""


def _no_word(run: DrillRun, closing: RunClosing) -> str:
    """Say why a run can't be closed by hand like this; empty if it can."""
    if closing.verdict not in _BY_HAND:
        return "verdict: a run that is closed by hand counts as failed"
    if closing.head != run.head:
        return f"head: a run that is closed by hand ends with entry {run.head.seq}, which was told of last"
    return ""


def _is_by_hand(run: DrillRun) -> bool:
    """Whether a person closed it last."""
    return bool(run.closings) and run.closings[-1].by_hand


def _stays(run: DrillRun) -> str:
    return f"it was closed at {_closed_at(run)} as {run.verdict}: that stays"


def _a_person_s(run: DrillRun) -> str:
    what = f"a person closed it as {run.verdict} (closed first at {_closed_at(run)})"
    return f"{what}: what is left behind is told by drill close {run.id}, and nothing else is"


def _closed_at(run: DrillRun) -> str:
    return reasons.clock(run.closed_at) if run.closed_at is not None else "an unknown time"


def _step(run: DrillRun, happening: RunHappening, act: HeadAct | None, page: Page | None, teller: Teller) -> RunStep:
    return RunStep(run, happening, act, page, drill_audit.entries(run, happening, page, teller.by, teller.now))
