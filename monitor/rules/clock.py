"""Whether this machine's clock went as time did: a wall clock that leapt or crept away, a machine that slept.

1. Three clocks are compared: the wall's, which people and the network set; a monotonic one, which nobody sets and
   which stands still while the machine sleeps; and that one with the sleep counted.
2. The wall clock is held against the one that counts sleep, so a machine that slept is no leap of its clock, and a
   leap is no sleep. A clock that is off by `LEAST` or less since it was last told of is no news: clocks are corrected.
   One that is off by more leapt, if it came since the last look, or crept, if it came little by little.
3. Asleep for `LEAST` or longer is told too, but to nobody who would be woken: it is a gap, seen as such where gaps are.
4. What can't be compared decides nothing: readings between which the process was held up (`is_blurred`) are left out,
   and the next ones show what happened.
5. After a leap the clock counts as steady again once nothing was told for `STEADY`; detail that can't be had back is
   not given up by its time (old outcomes) before it went well for `TRUSTED`.

That a clock is wrong, or that it drifts with all others of its machine, can't be seen from here: only that it changed.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from glasswatch.instants import EPOCH

LEAST: Final = timedelta(seconds=5)  # a twelfth of what readers of the flag bear
STEADY: Final = timedelta(minutes=15)
TRUSTED: Final = timedelta(days=1)
BLURRED_SECONDS: Final = 0.1


class ShiftKind(StrEnum):
    """What a clock did, or its machine."""

    FORWARD = "forward"
    BACK = "back"
    SLEPT = "slept"


@dataclass(frozen=True, slots=True)
class Reading:
    """The clocks at one instant; the last two in seconds from wherever they began. `read_for`: how long it took."""

    wall: datetime
    monotonic: float
    since_boot: float
    read_for: float = 0.0

    @property
    def is_blurred(self) -> bool:
        """Whether it is of no one instant."""
        return self.read_for > BLURRED_SECONDS


@dataclass(frozen=True, slots=True)
class Shift:
    """The wall clock is `by` off what it should show (`was`), or the machine slept for so long.

    `is_sudden`: since the last look; otherwise little by little.
    """

    kind: ShiftKind
    by: timedelta
    was: datetime
    now: datetime
    is_sudden: bool = True


@dataclass(frozen=True, slots=True)
class ClockState:
    """What is remembered: the last reading, and how far the wall clock was from it when it was last told of."""

    last: Reading
    offset: timedelta
    shifted_reading: float | None = None  # the clock that counts sleep, at the last shift of the wall clock


def begin(reading: Reading) -> ClockState:
    """Return what there is to remember at the start."""
    return ClockState(reading, _offset(reading))


def look(state: ClockState, reading: Reading) -> tuple[ClockState, list[Shift]]:
    """Compare; return what to remember and what happened, sleep first."""
    if reading.is_blurred:
        return state, []
    shifts, last = [], state.last
    slept = timedelta(seconds=(reading.since_boot - last.since_boot) - (reading.monotonic - last.monotonic))
    if slept >= LEAST:
        shifts.append(Shift(ShiftKind.SLEPT, slept, last.wall, reading.wall))
    after = replace(state, last=reading)
    by = _offset(reading) - state.offset
    if abs(by) > LEAST:
        kind = ShiftKind.FORWARD if by > timedelta(0) else ShiftKind.BACK
        is_sudden = abs(_offset(reading) - _offset(last)) > abs(by) / 2
        shifts.append(Shift(kind, abs(by), reading.wall - by, reading.wall, is_sudden))
        after = replace(after, offset=_offset(reading), shifted_reading=reading.since_boot)
    return after, shifts


def doubted(state: ClockState) -> ClockState:
    """Return the same with the clock to be watched as after a leap: how it went before is not known."""
    return replace(state, shifted_reading=state.last.since_boot)


def went_well_for(state: ClockState) -> timedelta | None:
    """Return for how long the wall clock has gone as time did since its last shift; None where there was none."""
    if state.shifted_reading is None:
        return None
    return timedelta(seconds=state.last.since_boot - state.shifted_reading)


def is_steady(state: ClockState) -> bool:
    """Whether nothing has to be told of the wall clock any more."""
    return (well := went_well_for(state)) is None or well >= STEADY


def is_trusted(state: ClockState) -> bool:
    """Whether what is old by the wall clock may be given up."""
    return (well := went_well_for(state)) is None or well >= TRUSTED


def _offset(reading: Reading) -> timedelta:
    """Return how far the wall clock is from the one that counts sleep; only differences of it mean something."""
    return reading.wall - EPOCH - timedelta(seconds=reading.since_boot)
