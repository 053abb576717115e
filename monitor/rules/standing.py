"""What time makes of what people's acts left standing (design 3.4).

1. A request dies 15 minutes after it was asked for, half-open: at that instant it can no longer be confirmed.
2. An inhibition ends at its end, half-open.
3. Both count real time, and so does what people and drills raised, a renewal, and how long the verdict has been what
   it is. When the clock is set back while we watch, all of it is set back with it (`set_back`); an end stays in whole
   seconds, rounded down. What raises the flag is then signed anew.
4. Where nobody knows how long the monitor was away, a request dies, and so does one from the future; nothing is held
   closed any more, and the stretch counts as spent. What people raised goes on with what was left of it: nobody is
   locked out for our clock's sake.
5. Before a cause in force ends by time, people are warned, so that one of them can renew it: 60, 30 and 10 minutes
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
from monitor.model.fact import CauseAdded, EndsSoon, Fact, InhibitionEnded, RequestDied
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


def set_back(state: PlatformState, by: timedelta, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state with what counts real time moved back with the clock, which shows `now`, and moved causes.

    An outage and its cause began when they began: history is not moved.
    """
    kept = tuple(_cause_set_back(cause, by) for cause in state.causes)
    after = replace(
        state,
        causes=kept,
        acts=_acts_set_back(state.acts, by),
        verdict_since=_earlier(state.verdict_since, by),
        quiet_since=_earlier(state.quiet_since, by),
        unknown_since=_earlier(state.unknown_since, by),
    )
    moved = [cause for cause in causes.in_force(kept, now) if cause.kind is not CauseKind.OUTAGE]
    return after, [CauseAdded(cause) for cause in moved]


def resume(state: PlatformState, event: Restarted, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state to go on with after the monitor was away, and what is over or moved by it."""
    last = event.last_alive_at
    if last is not None and last <= now:
        return state, []
    why = "the monitor was away, and nobody knows for how long"
    after, moved = (state, []) if last is None else set_back(state, last - now, now)
    acts, facts = _without(after.acts, dict.fromkeys(after.acts.requests, why))
    if acts.inhibition is not None and acts.inhibition.until > now:
        facts.append(InhibitionEnded(acts.inhibition, why))
        acts = stretch.spent(acts, now)
    return replace(after, acts=replace(acts, news={})), [*moved, *facts]


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
    yield from state.acts.news.values()
    for ending in _endings(state, policy, now):
        yield from (at for at in _warnings(ending) if at > now)


def _cause_set_back(cause: Cause, by: timedelta) -> Cause:
    if cause.kind is CauseKind.OUTAGE:
        return cause
    return replace(cause, since=cause.since - by, until=None if cause.until is None else _end_earlier(cause.until, by))


def _acts_set_back(acts: Acts, by: timedelta) -> Acts:
    held, closed, renewal = acts.inhibition, acts.stretch, acts.renewal
    return replace(
        acts,
        requests=tuple(
            replace(request, asked_at=request.asked_at - by, expires_at=request.expires_at - by)
            for request in acts.requests
        ),
        inhibition=held and replace(held, since=held.since - by, until=_end_earlier(held.until, by)),
        stretch=closed and Stretch(closed.since - by, _earlier(closed.opened_at, by)),
        renewal=renewal and replace(renewal, until=_end_earlier(renewal.until, by)),
        warned={name: at - by for name, at in acts.warned.items()},
        news={name: until - by for name, until in acts.news.items()},
    )


def _earlier(at: datetime | None, by: timedelta) -> datetime | None:
    return None if at is None else at - by


def _end_earlier(until: datetime, by: timedelta) -> datetime:
    """Return an end in whole seconds, as readers of the signed flag see it; never later than it was allowed."""
    return (until - by).replace(microsecond=0)


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
