"""What the flag says, from its causes at an instant, and how its changes are counted (design 3.4).

1. Ready if an outage or manual cause is in force; else exercise if an exercise is; else standby.
2. `change` rises by one whenever the state, or the set of causes in force, changes; never otherwise, never back. Their
   order is no change.
3. `since` is when the state changed last; the first judgement starts it, and is no change.

What is signed of it is `flag_document`'s.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from monitor.model.fact import Fact, FlagChanged
from monitor.model.state import Cause, FlagHead, PlatformState
from monitor.model.verdict import CauseKind, FlagState
from monitor.rules import reasons
from monitor.rules.causes import in_force

_READY = (CauseKind.OUTAGE, CauseKind.MANUAL)


def state_of(causes: Iterable[Cause], now: datetime) -> FlagState:
    """Return what the flag says at an instant."""
    kinds = {cause.kind for cause in in_force(causes, now)}
    if kinds.intersection(_READY):
        return FlagState.READY
    return FlagState.EXERCISE if CauseKind.EXERCISE in kinds else FlagState.STANDBY


def settle(before: PlatformState, after: PlatformState, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return `after` with its flag, and whether that changed since `before` was judged."""
    was = before.flag
    state = state_of(after.causes, now)
    held = {cause for cause in before.causes if not cause.is_held_back}
    holds = set(in_force(after.causes, now))
    since = now if was.since is None or state is not was.state else was.since
    if state is was.state and held == holds:
        return replace(after, flag=replace(was, since=since)), []
    head = FlagHead(state, since, was.change + 1)
    return replace(after, flag=head), [FlagChanged(was, head, _why(held, holds))]


def _why(held: set[Cause], holds: set[Cause]) -> str:
    left, before = {cause.id for cause in holds}, {cause.id for cause in held}
    gone = (f"{cause.kind} {cause.id} no longer holds" for cause in held if cause.id not in left)
    new = (f"{cause.kind} {cause.id} holds" for cause in holds if cause.id not in before)
    moved = (f"{cause.kind} {cause.id} {_moved_how(cause, held)}" for cause in holds - held if cause.id in before)
    return "; ".join((*sorted(new), *sorted(moved), *sorted(gone)))


def _moved_how(cause: Cause, held: set[Cause]) -> str:
    """Say what became of a cause that goes on with another end."""
    before, until = next(each.until for each in held if each.id == cause.id), cause.until
    if until is None or before is None or until > before:
        return "holds for longer"
    return f"ends at {reasons.clock(until)}, the clock was set back"
