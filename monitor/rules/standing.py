"""What time makes of what people's acts left standing (design 3.4).

1. A request dies 15 minutes after it was asked for, half-open: at that instant it can no longer be confirmed.
2. An inhibition ends at its end, half-open.
3. Both count real time. When the clock is set back while we watch, their ends are set back with it. A request from the
   future, or one that waited while nobody knows how long the monitor was away, dies.
4. Before a cause in force ends by time, people are warned, so that one of them can renew it: 60, 30 and 10 minutes
   before an outage cause that rests on an unknown verdict, 10 minutes before a manual one. Where `unknown_max` is below
   4 h they are that much shorter, and a manual cause's is never more than a quarter of its time. Whoever wakes up
   late is warned once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from monitor.model.act import Acts, Request, Stretch
from monitor.model.event import Restarted
from monitor.model.fact import EndsSoon, Fact, InhibitionEnded, RequestDied
from monitor.model.policy import PlatformPolicy
from monitor.model.state import Cause, PlatformState
from monitor.model.verdict import CauseKind
from monitor.rules import causes, reasons, stretch

CONFIRM_WITHIN: Final = timedelta(minutes=15)

_NOISE = timedelta(seconds=5)  # clocks are corrected by less all the time
_LEADS = (timedelta(minutes=60), timedelta(minutes=30), timedelta(minutes=10))
_FULL = timedelta(hours=4)
_NEVER = datetime.min.replace(tzinfo=UTC)


class _Ending(NamedTuple):
    """A cause in force that will end by time, and how long before that people are warned."""

    cause: Cause
    ends_at: datetime
    leads: tuple[timedelta, ...]
    why: str


def settle(state: PlatformState, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state with the requests and the inhibition that hold now, and what is over."""
    acts, facts = _without(state.acts, {request: _over_why(request, now) for request in state.acts.requests})
    held = acts.inhibition
    if held is not None and held.until <= now:
        acts = stretch.opened(acts, now)
        facts.append(InhibitionEnded(held, f"its time was over at {reasons.clock(held.until)}"))
    return (replace(state, acts=acts), facts) if facts else (state, [])


def set_back(state: PlatformState, by: timedelta) -> PlatformState:
    """Return the state with what counts real time moved back with the clock."""
    acts, held, closed = state.acts, state.acts.inhibition, state.acts.stretch
    requests = tuple(
        replace(request, asked_at=request.asked_at - by, expires_at=request.expires_at - by)
        for request in acts.requests
    )
    if held is not None:
        held = replace(held, since=held.since - by, until=held.until - by)
    if closed is not None:
        opened_at = None if closed.opened_at is None else closed.opened_at - by
        closed = Stretch(closed.since - by, opened_at)
    return replace(state, acts=replace(acts, requests=requests, inhibition=held, stretch=closed))


def resume(state: PlatformState, event: Restarted, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state to go on with after the monitor was away, and the requests that died by it."""
    last = event.last_alive_at
    if last is not None and last <= now:
        return state, []
    why = "the monitor was away, and nobody knows for how long"
    acts, facts = _without(state.acts, dict.fromkeys(state.acts.requests, why))
    after = replace(state, acts=acts)
    return (after if last is None else set_back(after, last - now)), facts


def warn(state: PlatformState, policy: PlatformPolicy, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state with what people are warned of now, and the warnings."""
    facts: list[Fact] = []
    held = {cause.id for cause in state.causes}
    warned = {name: at for name, at in state.acts.warned.items() if name in held}
    for ending in _endings(state, policy, now):
        passed = max((at for at in _warnings(ending) if at <= now), default=_NEVER)
        if passed > warned.get(ending.cause.id, _NEVER):
            warned[ending.cause.id] = passed
            facts.append(EndsSoon(ending.cause, ending.ends_at, ending.why))
    if warned == state.acts.warned:
        return state, []
    return replace(state, acts=replace(state.acts, warned=warned)), facts


def deadlines(state: PlatformState, policy: PlatformPolicy, now: datetime) -> Iterator[datetime]:
    """Yield when time alone will change something of it."""
    yield from (request.expires_at for request in state.acts.requests)
    if state.acts.inhibition is not None:
        yield state.acts.inhibition.until
    for ending in _endings(state, policy, now):
        yield from (at for at in _warnings(ending) if at > now)


def _over_why(request: Request, now: datetime) -> str:
    """Say why a request is void; empty while it waits."""
    if request.expires_at <= now:
        return f"nobody confirmed it by {reasons.clock(request.expires_at)}"
    return "the clock was set back: nobody knows how long it has waited" if now < request.asked_at - _NOISE else ""


def _without(acts: Acts, over: Mapping[Request, str]) -> tuple[Acts, list[Fact]]:
    """Return what is left when the requests that have a reason to be over are gone."""
    facts: list[Fact] = [RequestDied(request, why) for request, why in over.items() if why]
    kept = tuple(request for request in acts.requests if not over[request])
    return (replace(acts, requests=kept), facts) if facts else (acts, facts)


def _endings(state: PlatformState, policy: PlatformPolicy, now: datetime) -> Iterator[_Ending]:
    unknown_ends_at = causes.unknown_ends_at(state, policy)
    scale = min(1.0, policy.unknown_max / _FULL)
    for cause in causes.in_force(state.causes, now):
        if cause.kind is CauseKind.MANUAL and cause.until is not None:
            lead = min(_LEADS[-1], (cause.until - cause.since) / 4)
            yield _Ending(cause, cause.until, (lead,), "its time is over then")
        elif cause.kind is CauseKind.OUTAGE and unknown_ends_at is not None:
            leads = tuple(lead * scale for lead in _LEADS)
            yield _Ending(cause, unknown_ends_at, leads, "it rests on an unknown verdict")


def _warnings(ending: _Ending) -> list[datetime]:
    return [ending.ends_at - lead for lead in ending.leads]
