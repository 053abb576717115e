"""What a run said that could not write its store, and was then killed: its last flag is all that is left of it.

1. The published flag is a lower bound of `ver`, and of `change` with the digests that go with it: no version goes
   back, and no change is used for two documents, nor has two documents before it.
2. If its version was reserved here, nothing is missing. If not, but it says what is on record, only the version is.
3. Else it is news: what is on record is older than what was signed. The flag goes on from there as a new change. The
   causes are those that were signed, but no outage is vouched for on old word: outage causes are suspended, and what
   is confirmed bad, or holds the outage, is in doubt. The platform must be found down again, or recover.
4. An outage it names goes on, under its id and since when its id says. Which functions were down is not on record, so
   every critical function holds it, and must recover. One on record that it doesn't name any more ended before that,
   if another was named after it; else it goes on until it is seen to be over.
5. A page that must have been decided in that run is decided again, firing or resolved: repeats join by their key. The
   flag's page is one of them, also where it is sealed again by now, because that may not have been told any more; and
   so are unknown and degraded, if that is what the flag said, and what an exercise has paged as an outage is.
6. What a person raised is kept as it was signed, to the end that was signed: it may have been renewed, or set back with
   the clock. Who renewed it is not on record. An outage that was signed is not held closed any more.
7. That outages were held closed in that run only is not on record, by whom and until when, and is lost: once confirmed
   down again the platform opens. Where the flag shows it (down, and no outage among its causes) people are told, and
   it counts as held closed since the flag was sealed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.model.act import Stretch
from monitor.model.fact import (
    CauseAdded,
    CauseEnded,
    Fact,
    FlagTakenUp,
    InhibitionEnded,
    InhibitionLost,
    PageDecided,
    ProbeChanged,
)
from monitor.model.page import PageKind
from monitor.model.policy import PlatformPolicy
from monitor.model.published import PublishedFlag
from monitor.model.record import FlagLedger
from monitor.model.state import Cause, FlagHead, Outage, PlatformState, ProbeState
from monitor.model.verdict import CauseKind, FlagState, Verdict
from monitor.rules import causes, outage, pages, stretch
from monitor.rules.act_pages import INHIBIT
from monitor.rules.pages import EXERCISED
from monitor.rules.probe import doubt, is_believed_bad, must_recover

WHY = "the monitor ended while its store could not be written"
_REASON = "it was found while the store could not be written; which functions were down is not on record"
_TOLD = {Verdict.UNKNOWN: (PageKind.UNKNOWN,), Verdict.DEGRADED: (PageKind.DEGRADED, PageKind.MINORITY_DOWN)}


@dataclass(frozen=True, slots=True)
class TakenUp:
    """`before`: the state as it was signed last; `after`: what is still believed of it; and what was found."""

    before: PlatformState
    after: PlatformState
    facts: tuple[Fact, ...]


def missing(ledger: FlagLedger, published: PublishedFlag | None) -> PublishedFlag | None:
    """Return the published flag if it is not on record; None if nothing is missing."""
    return published if published is not None and published.ver > ledger.ver else None


def ledger_with(ledger: FlagLedger, state: PlatformState, published: PublishedFlag) -> FlagLedger:
    """Return what signing must know, with the published flag counted in."""
    ver = max(ledger.ver, published.ver)
    if published.change <= state.flag.change:
        return replace(ledger, ver=ver)
    return FlagLedger(ver, published.sha256, published.prev)


def take_up(state: PlatformState, policy: PlatformPolicy, published: PublishedFlag, now: datetime) -> TakenUp:
    """Return how to go on from a published flag that is not on record."""
    told = tuple(_resolved(state, policy, published, now))
    if not _is_news(state, published):
        return TakenUp(state, state, told)
    head = FlagHead(published.state, published.since, published.change)
    signed = tuple(_as_recorded(cause, state.causes) for cause in published.causes)
    firing = dict(state.firing)
    if published.state is not FlagState.STANDBY:
        firing[pages.key_of(policy, PageKind.FLAG)] = PageKind.FLAG
    exercised = (cause for cause in signed if cause.kind is CauseKind.EXERCISE)
    firing |= {pages.key_of(policy, PageKind.OUTAGE, f"{EXERCISED}{cause.id}"): PageKind.OUTAGE for cause in exercised}
    opened, reopened = _no_longer_held_closed(state, published, now)
    before = replace(opened, flag=head, causes=signed, firing=firing)
    new = [CauseAdded(cause) for cause in signed if cause.kind is not CauseKind.OUTAGE and cause not in state.causes]
    names = _names(signed)
    gone = [
        CauseEnded(cause, WHY)
        for cause in state.causes
        if not cause.is_held_back and (cause.kind, cause.id) not in names
    ]
    after, ended = _with_outage(before, policy, published, now)
    suspended, unvouched = causes.suspend(after.causes, WHY)
    probes = _in_doubt(after)
    changes = [
        ProbeChanged(name, state.probes[name].phase, held.phase, now, WHY)
        for name, held in probes.items()
        if held.needs_reconfirm and not state.probes[name].needs_reconfirm
    ]
    after = replace(after, causes=suspended, probes=probes)
    if any(isinstance(fact, InhibitionLost) for fact in reopened):
        told = (*told, pages.over(policy, PageKind.FLAG, WHY, now, INHIBIT))
    flag = [FlagTakenUp(published)] if published.change > state.flag.change else []
    return TakenUp(before, after, (*flag, *changes, *ended, *reopened, *new, *gone, *unvouched, *told))


def _is_news(state: PlatformState, published: PublishedFlag) -> bool:
    if published.change < state.flag.change:
        return False  # of another store; nothing of it can be what happened last here
    known = state.outage
    is_open = known is not None and known.ended_at is None
    on_record = (state.flag.change, known.id if known is not None and is_open else None, _names(state.causes))
    return on_record != (published.change, published.outage, _names(published.causes))


def _names(held: Iterable[Cause]) -> frozenset[tuple[CauseKind, str]]:
    return frozenset((cause.kind, cause.id) for cause in held if not cause.is_held_back)


def _as_recorded(signed: Cause, held: Iterable[Cause]) -> Cause:
    """Return the cause as it was signed, with what only the record says of it: a document holds whole seconds only."""
    known = next((cause for cause in held if (cause.kind, cause.id) == (signed.kind, signed.id)), signed)
    return replace(
        known,
        since=_as_exact(signed.since, known.since),
        until=None if signed.until is None else _as_exact(signed.until, known.until or signed.until),
        suspended=False,
        inhibited=False,
    )


def _as_exact(signed: datetime, recorded: datetime) -> datetime:
    """Return the instant that is on record, if it is the one that was signed."""
    return recorded if recorded.replace(microsecond=0) == signed else signed


def _no_longer_held_closed(
    state: PlatformState, published: PublishedFlag, now: datetime
) -> tuple[PlatformState, list[Fact]]:
    """Return the state without an inhibition that ended in that run, or that began in it."""
    held = state.acts.inhibition
    if any(cause.kind is CauseKind.OUTAGE for cause in published.causes):
        # It was signed, so that nothing held it closed.
        over: list[Fact] = [] if held is None else [InhibitionEnded(held, WHY)]
        return (replace(state, acts=stretch.opened(state.acts, now)) if over else state), over
    if held is not None or published.outage is None or published.verdict is not Verdict.DOWN:
        return state, []
    closed = Stretch(min(published.since, now), now)
    return replace(state, acts=replace(state.acts, stretch=closed)), [InhibitionLost(WHY)]


def _with_outage(
    state: PlatformState, policy: PlatformPolicy, published: PublishedFlag, now: datetime
) -> tuple[PlatformState, list[Fact]]:
    """Return the state with the outage that the flag names, by itself or by its cause."""
    named = published.outage or next((cause.id for cause in published.causes if cause.kind is CauseKind.OUTAGE), None)
    known = state.outage
    if named is None:
        return state, []
    if known is not None and known.id == named:
        is_open_again = published.outage is not None and known.ended_at is not None
        return (replace(state, outage=replace(known, ended_at=None, cleared_at=None)) if is_open_again else state), []
    began_at = min(_began_at(named, published), now)
    facts: list[Fact] = []
    if known is not None and known.ended_at is None:
        state, facts = outage.end(state, known, began_at, now, f"outage {named} followed it")
    opened_at = began_at if state.last_ended_at is None else max(began_at, state.last_ended_at)
    found = Outage(
        id=named,
        platform=state.platform,
        opened_at=opened_at,
        confirmed_at=max(opened_at, published.since if published.since >= opened_at else published.issued_at),
        functions=(),
        openers=(),
        reason=_REASON,
    )
    return replace(state, outage=outage.held_by_all(found, policy)), facts


def _began_at(named: str, published: PublishedFlag) -> datetime:
    """Return when the named outage began: as its id says, to the millisecond; else as its cause, or the flag, says."""
    since = next((cause.since for cause in published.causes if cause.id == named), published.since)
    return outage.began_by(named) or since


def _in_doubt(state: PlatformState) -> dict[str, ProbeState]:
    """Return the probes with nothing bad believed, and with those that hold the outage having to recover."""
    known = state.outage
    holders = known.openers if known is not None and known.ended_at is None else ()
    return {
        name: must_recover(held) if name in holders and not is_believed_bad(held) else doubt(held)
        for name, held in state.probes.items()
    }


def _resolved(
    state: PlatformState, policy: PlatformPolicy, published: PublishedFlag, now: datetime
) -> Iterator[PageDecided]:
    # Sealed, and not the change that is on record: it was open in between, and whoever was told waits for the end.
    is_later = published.change > state.flag.change
    is_sealed_again = published.state is FlagState.STANDBY and is_later
    kinds = (*_TOLD.get(published.verdict, ()), *((PageKind.FLAG,) if is_sealed_again else ()))
    for kind in kinds:
        if pages.key_of(policy, kind) not in state.firing:
            yield pages.over(policy, kind, WHY, now)
    signed = {cause.id for cause in published.causes if cause.kind is CauseKind.EXERCISE}
    for held in state.exercises:
        detail = f"{EXERCISED}{held.id}"
        is_told = held.id in signed or pages.key_of(policy, PageKind.OUTAGE, detail) in state.firing
        if held.is_running and is_later and not is_told:
            yield pages.over(policy, PageKind.OUTAGE, WHY, now, detail)
