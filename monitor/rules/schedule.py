"""When a probe's next attempt is due, and why it is made (design 3.3).

1. Scheduled attempts stand on a grid anchored at the Unix epoch, shifted by an offset that derives from platform and
   probe: the same after every restart, spread over the interval across probes.
2. Within its second a slot stands in the *burst*: that part of each second in which a monitor's slots follow one
   another, so that it wakes once a second and not once a probe. A burst is as long as leaves them `APART` on average
   even just after a start, which is the whole second where there are many: who is awake all the time gains nothing,
   and a crowd would wait for itself. It begins at an instant of the second that derives from deployment and vantage:
   monitors that share nothing do not ask one vendor all at once.
3. Slots of one probe are whole intervals apart, burst or not. One tried more often than every second has no burst.
4. A missed slot is skipped; slots never pile up. One that comes at once after an attempt was that attempt's own: a
   loop's timers count whole milliseconds and may be early, and an answer may take less.
5. The attempts of a round follow `confirm_every` after the end of the one before, whatever the grid says.
6. A deciding probe is tried every minute (or its interval, if shorter) while suspect or bad.
7. The first attempt after a start does not wait for the interval: it comes within a third of it, 15 s at most, so that
   a long interval leaves nobody unknown, and spread, so that a start is no crowd. Nor does it wait for a burst.
8. An end that lies in the future (the clock was set back) counts as now.
9. Whatever else a monitor does every second it does when the burst is over (`next_beat`): it is awake then.

Called attempts come at once and are not this module's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from glasswatch.instants import EPOCH
from monitor.model.outcome import Attempt
from monitor.model.policy import ProbePolicy
from monitor.model.state import ProbeState
from monitor.model.verdict import Phase, Role
from monitor.rules.probe import round_is_on

SUSPECT_EVERY = timedelta(seconds=60)
FIRST_WITHIN = timedelta(seconds=15)
APART = timedelta(milliseconds=1.5)
EARLY = timedelta(milliseconds=5)

_TICK = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Grid:
    """Which part of each second a monitor's slots stand in: `burst` long, `begins` after the second began."""

    begins: timedelta = timedelta(0)
    burst: timedelta = _SECOND


@dataclass(frozen=True, slots=True)
class Slots:
    """Where one probe's slots stand."""

    platform: str
    probe: str
    grid: Grid = Grid()


def grid_of(deployment: str, vantage: str, policies: Iterable[ProbePolicy]) -> Grid:
    """Return the grid of a monitor that runs these probes."""
    starts = sum(_SECOND / _first_period(policy) for policy in policies)  # in a second, when it has just started
    return Grid(_SECOND * _share(deployment, vantage) // 2**32, min(_SECOND, starts * APART))


def next_beat(grid: Grid, now: datetime) -> datetime:
    """Return when the next burst is over: later than `now`, by a second at most."""
    first = EPOCH + grid.begins + grid.burst
    return first + ((now - first) // _SECOND + 1) * _SECOND


def next_attempt(
    state: ProbeState, policy: ProbePolicy, *, slots: Slots, last_ended_at: datetime | None, now: datetime
) -> tuple[datetime, Attempt]:
    """Return when the next attempt is due, at `now` or later, and why it is made.

    `last_ended_at`: when the last attempt since the monitor started ended; None before the first.
    """
    ended_at = None if last_ended_at is None else min(last_ended_at, now)
    if round_is_on(state):
        due = now if ended_at is None else ended_at + policy.confirm_every
        return max(due, now), Attempt.CONFIRMATION
    after = now - _TICK if ended_at is None else max(ended_at + EARLY, now - _TICK)
    if ended_at is None:
        slots = Slots(slots.platform, slots.probe)
    return _slot_after(after, _period(state, policy, is_first=ended_at is None), slots), Attempt.SCHEDULED


def offset(slots: Slots, period: timedelta) -> timedelta:
    """Return how far a probe's slots are shifted from the epoch's: at least zero, less than `period`."""
    spread = (period // _TICK * _share(slots.platform, slots.probe) // 2**32) * _TICK
    if period < _SECOND:
        return spread
    second, within = divmod(spread, _SECOND)
    return (second * _SECOND + slots.grid.begins + within * (slots.grid.burst / _SECOND)) % period


@lru_cache(maxsize=65536)
def _share(first: str, second: str) -> int:
    return int.from_bytes(sha256(f"{first}/{second}".encode()).digest()[:4], "big")


def _first_period(policy: ProbePolicy) -> timedelta:
    return min(policy.interval / 3, FIRST_WITHIN)


def _period(state: ProbeState, policy: ProbePolicy, *, is_first: bool) -> timedelta:
    if is_first:
        return _first_period(policy)
    if policy.role is Role.DECIDING and (state.phase is Phase.BAD or state.needs_reconfirm):
        return min(policy.interval, SUSPECT_EVERY)
    return policy.interval


def _slot_after(after: datetime, period: timedelta, slots: Slots) -> datetime:
    """Return the first slot later than `after`."""
    first = EPOCH + offset(slots, period)
    return first + ((after - first) // period + 1) * period
