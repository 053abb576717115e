"""When a scenario has to pass again, and what people are told of it: tickets `drill_due` and `drill_overdue`.

1. Quarterly: due 84 days after it passed last, overdue after 91. Yearly: due after 351 days, overdue after 365.
2. One that never passed is due from when the monitor first knew of it, and overdue 91 days later, however often it has
   to pass: nobody has seen it work.
3. Only what passed on the real thing and was opened here counts. When it passed is when it was closed, and never later
   than its end was to be.
4. One whose last run on the real thing did not pass is due at once: what people rely on may not work. That does not
   move when it is overdue. A run that was aborted counts as well: whether its first step began is not known here, and a
   gate that is shut keeps a run from being opened here at all.
5. A run that passed later than now tells nothing but that a clock was wrong: it counts as none, hides no other that did
   not pass, and is said.
6. One ticket fires at a time: that it is due, then in its place that it is overdue. Either is over when it passed, or
   when the scenario is no longer in the calendar.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from glasswatch.instants import unix_ms
from monitor.model.drill import (
    Cadence,
    CalendarKept,
    CalendarLine,
    DrillRun,
    DueLine,
    DueState,
    NotPassed,
    RunVerdict,
)
from monitor.model.page import SEVERITY, Page, PageKind, PageStatus

DUE_AFTER: Final[Mapping[Cadence, timedelta]] = {
    Cadence.QUARTERLY: timedelta(days=84),
    Cadence.YEARLY: timedelta(days=351),
}
OVERDUE_AFTER: Final[Mapping[Cadence, timedelta]] = {
    Cadence.QUARTERLY: timedelta(days=91),
    Cadence.YEARLY: timedelta(days=365),
}
FIRST_WITHIN: Final = timedelta(days=91)
_ENDED: Final[Mapping[RunVerdict, str]] = {
    RunVerdict.FAILED: "failed",
    RunVerdict.NOT_MEASURED: "was not measured",
    RunVerdict.ABORTED: "was aborted",
    RunVerdict.CLEAN_UP_FAILED: "left something behind",
}
_KINDS: Final = {DueState.DUE: PageKind.DRILL_DUE, DueState.OVERDUE: PageKind.DRILL_OVERDUE}


@dataclass(frozen=True, slots=True)
class Here:
    """Whose calendar it is."""

    deployment: str
    vantage: str


@dataclass(frozen=True, slots=True)
class Past:
    """When a scenario passed last, and its last run, where that did not pass.

    `to_come`: when one passed, it says, that is still to come.
    """

    passed: datetime | None = None
    not_passed: NotPassed | None = None
    to_come: datetime | None = None


def past(runs: Sequence[DrillRun], now: datetime) -> Past:
    """Return what the closed runs of a scenario say of it now; those that were not real say nothing."""
    passed = {run.id: run.passed_at for run in runs if run.passed_at is not None}
    to_come = {run for run, at in passed.items() if at > now}
    last = max((run for run in runs if run.opening.is_real and run.id not in to_come), key=_closed, default=None)
    by_now = (at for at in passed.values() if at <= now)
    later = (at for at in passed.values() if at > now)
    return Past(max(by_now, default=None), _not_passed(last), max(later, default=None))


def _closed(run: DrillRun) -> datetime:
    return run.closed_at or run.opened_at


def due_line(line: CalendarLine, past: Past, known_since: datetime, now: datetime) -> DueLine:
    """Return where a scenario stands."""
    last_passed, not_passed = past.passed, past.not_passed
    if last_passed is None:
        since = min(known_since, now)  # known since later than now: a clock was wrong
        due, overdue = since, since + FIRST_WITHIN
    else:
        due, overdue = last_passed + DUE_AFTER[line.cadence], last_passed + OVERDUE_AFTER[line.cadence]
        due = min(due, not_passed.at) if not_passed else due
    state = DueState.OVERDUE if now >= overdue else DueState.DUE if now >= due else DueState.NOT_DUE
    return DueLine(line, last_passed, due, overdue, state, not_passed, past.to_come)


def _not_passed(run: DrillRun | None) -> NotPassed | None:
    """Return how a scenario's last run was closed, where it did not pass; None where it did, or there was none."""
    if run is None or run.verdict is None or run.closed_at is None or run.verdict is RunVerdict.PASSED:
        return None
    return NotPassed(run.verdict, run.closed_at)


def last_run(found: DueLine) -> str:
    """Return in words how the last run ended that did not pass; nothing where it passed."""
    ran = found.not_passed
    return f"the last run {_ENDED.get(ran.verdict, 'did not pass')} at {_day(ran.at)}" if ran else ""


def clocks(found: DueLine) -> str:
    """Return in words that a clock was wrong; nothing where none is known to have been."""
    at = found.to_come
    return f"one passed at {_day(at)}, which is still to come: look at the clocks" if at else ""


def tickets(here: Here, found: DueLine, kept: CalendarKept, now: datetime) -> tuple[Page, ...]:
    """Return what is to be told of a scenario now, given what is told of it."""
    is_elsewhere = kept.told is not DueState.NOT_DUE and kept.platform != found.line.platform
    if kept.told is found.state and not is_elsewhere:
        return ()
    pages = []
    if kept.told is not DueState.NOT_DUE:
        over = _over(found) if found.state is DueState.NOT_DUE else f"it is {found.state} now"
        words = (f"the drill {found.line.scenario} is no longer {kept.told}", over)
        pages.append(_page(here, found.line.scenario, kept, PageStatus.RESOLVED, (words, now)))
    if found.state is not DueState.NOT_DUE:
        after = CalendarKept(kept.known_since, found.state, found.line.platform)
        pages.append(_page(here, found.line.scenario, after, PageStatus.FIRING, (_words(found), now)))
    return tuple(pages)


def gone(here: Here, scenario: str, kept: CalendarKept, now: datetime) -> tuple[Page, ...]:
    """Return what is to be told of a scenario that left the calendar."""
    if kept.told is DueState.NOT_DUE:
        return ()
    words = (f"the drill {scenario} is no longer {kept.told}", "it is no longer in the calendar of the settings")
    return (_page(here, scenario, kept, PageStatus.RESOLVED, (words, now)),)


def _over(found: DueLine) -> str:
    return "it is not due yet" if found.last_passed is None else f"it passed at {_day(found.last_passed)}"


def _words(found: DueLine) -> tuple[str, str]:
    name, platform = found.line.scenario, found.line.platform
    passed = "it never passed here" if found.last_passed is None else f"it passed last at {_day(found.last_passed)}"
    if found.not_passed is not None:
        passed = f"{last_run(found)}; {passed}"
    if found.to_come is not None:
        passed = f"{passed}; {clocks(found)}"
    if found.state is DueState.OVERDUE:
        summary = f"{platform}: the drill {name} is overdue: nobody knows that break-glass works"
        return summary, f"{passed}; it had to by {_day(found.overdue)}: drill run {name}"
    summary = f"{platform}: the drill {name} is due"
    if found.not_passed is not None:
        summary = f"{summary}: its last run did not pass"
    return summary, f"{passed}; overdue from {_day(found.overdue)} on: drill run {name}"


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%MZ}"


def _page(
    here: Here, scenario: str, kept: CalendarKept, status: PageStatus, told: tuple[tuple[str, str], datetime]
) -> Page:
    (summary, reason), now = told
    kind = _KINDS[kept.told]
    key = f"{here.deployment}/{kept.platform}/{kind}/{scenario}@{here.vantage}"
    return Page(
        id=f"{key}/{status}/{unix_ms(now)}",
        kind=kind,
        severity=SEVERITY[kind],
        status=status,
        platform=kept.platform,
        dedup_key=key,
        summary=summary,
        reason=reason,
        decided_at=now,
    )
