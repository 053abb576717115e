"""Time comes in through here and nowhere else.

Wall time is aware UTC; durations are differences of a monotonic reading. Both are read through one port, so that
a test can hold time still and a decision can be given its `now`.
"""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall and monotonic time."""

    def now(self) -> datetime:
        """Return wall time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back; only differences mean something."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the machine's wall time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place where the wall clock is read

    def monotonic(self) -> float:
        """Return the machine's monotonic clock in seconds."""
        return time.monotonic()  # noqa: TID251 - the one place where the monotonic clock is read

    def since_boot(self) -> float:
        """Return the monotonic clock's seconds with those in which the machine slept; without, where nobody counts."""
        which = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        return time.clock_gettime(which)
