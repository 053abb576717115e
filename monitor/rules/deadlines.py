"""When time alone will change something, so that somebody can wake up for it.

1. A probe that counts as measured turns stale.
2. An unknown verdict pages, and a degraded one that is only unknown; after `unknown_max` no outage cause rests on
   unknown any more.
3. An outage cause ends after up without break, if only that is missing.
4. A manual or exercise cause reaches its end.
5. An outage that is over can no longer come back.
6. What people's acts left standing reaches its end, or people must be warned that a cause will.
7. Maintenance comes into force, or is over; a window that is only proposed, or waits, reaches its end.
8. An exercise reaches its end.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from monitor.model.page import PageKind
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import PlatformState
from monitor.model.verdict import CauseKind
from monitor.rules import exercise, standing, window_standing
from monitor.rules.causes import may_end_quietly, unknown_ends_at
from monitor.rules.pages import degraded_waits_until, key_of
from monitor.rules.probe import stale_at


def earliest(*instants: datetime | None) -> datetime | None:
    """Return the earliest of those that are known; None if none is."""
    return min((instant for instant in instants if instant is not None), default=None)


def wake_at(
    state: PlatformState, policy: PlatformPolicy, probes: Iterable[ProbePolicy], now: datetime
) -> datetime | None:
    """Return when time alone changes something first, as far as it depends on the platform and on these probes."""
    stale = (stale_at(state.probes[probe.name], probe, now, blind=state.blind) for probe in probes)
    others = (*window_standing.deadlines(state, now), *exercise.deadlines(state))
    return earliest(*stale, *_timers(state, policy), *standing.deadlines(state, policy, now), *others)


def _timers(state: PlatformState, policy: PlatformPolicy) -> Iterator[datetime]:
    outage_causes = [cause for cause in state.causes if cause.kind is CauseKind.OUTAGE]
    if state.unknown_since is not None:
        if key_of(policy, PageKind.UNKNOWN) not in state.firing:
            yield state.unknown_since + policy.unknown_pages_after
        rests_until = unknown_ends_at(state, policy)
        if outage_causes and rests_until is not None:
            yield rests_until
    waits_until = degraded_waits_until(state, policy)
    if waits_until is not None and key_of(policy, PageKind.DEGRADED) not in state.firing:
        yield waits_until
    if state.quiet_since is not None and any(may_end_quietly(cause, state) for cause in outage_causes):
        yield state.quiet_since + policy.lower_after
    yield from (cause.until for cause in state.causes if cause.until is not None)
    if state.outage is not None and state.outage.cleared_at is not None:
        yield state.outage.cleared_at + policy.lower_after
