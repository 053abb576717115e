"""When a probe's next attempt is due, and why it is made (design 3.3).

1. Scheduled attempts stand on a grid anchored at the Unix epoch, shifted by an offset that derives from platform and
   probe: the same after every restart, spread over the interval across probes.
2. A missed slot is skipped; slots never pile up.
3. The attempts of a round follow `confirm_every` after the end of the one before, whatever the grid says.
4. A deciding probe is tried every minute (or its interval, if shorter) while suspect or bad.
5. The first attempt after a start does not wait for the interval: it comes within a third of it, 15 s at most, so that
   a long interval leaves nobody unknown, and spread, so that a start is no burst.
6. An end that lies in the future (the clock was set back) counts as now.

Called attempts come at once and are not this module's.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from monitor.model.outcome import Attempt
from monitor.model.policy import ProbePolicy
from monitor.model.state import ProbeState
from monitor.model.verdict import Phase, Role
from monitor.rules.probe import round_is_on

SUSPECT_EVERY = timedelta(seconds=60)
FIRST_WITHIN = timedelta(seconds=15)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


def next_attempt(
    state: ProbeState, policy: ProbePolicy, *, platform: str, last_ended_at: datetime | None, now: datetime
) -> tuple[datetime, Attempt]:
    """Return when the next attempt is due, at `now` or later, and why it is made.

    `last_ended_at`: when the last attempt since the monitor started ended; None before the first.
    """
    ended_at = None if last_ended_at is None else min(last_ended_at, now)
    if round_is_on(state):
        due = now if ended_at is None else ended_at + policy.confirm_every
        return max(due, now), Attempt.CONFIRMATION
    after = now - _TICK if ended_at is None else max(ended_at, now - _TICK)
    return _slot_after(after, _period(state, policy, is_first=ended_at is None), platform, policy), Attempt.SCHEDULED


def offset(platform: str, probe: str, period: timedelta) -> timedelta:
    """Return how far a probe's slots are shifted from the grid: at least zero, less than `period`."""
    return (period // _TICK * _share(platform, probe) // 2**32) * _TICK


@lru_cache(maxsize=65536)
def _share(platform: str, probe: str) -> int:
    return int.from_bytes(sha256(f"{platform}/{probe}".encode()).digest()[:4], "big")


def _period(state: ProbeState, policy: ProbePolicy, *, is_first: bool) -> timedelta:
    if is_first:
        return min(policy.interval / 3, FIRST_WITHIN)
    if policy.role is Role.DECIDING and (state.phase is Phase.BAD or state.needs_reconfirm):
        return min(policy.interval, SUSPECT_EVERY)
    return policy.interval


def _slot_after(after: datetime, period: timedelta, platform: str, policy: ProbePolicy) -> datetime:
    """Return the first slot later than `after`."""
    first = _EPOCH + offset(platform, policy.name, period)
    return first + ((after - first) // period + 1) * period
