"""One deadline for several steps: what one of them takes, those after it don't have."""

from datetime import timedelta
from typing import Final

from glasswatch.clock import Clock

LEAST: Final = timedelta(milliseconds=100)  # what every step has, however late it is: enough for one that hangs nowhere


class Deadline:
    """Begins when it is made."""

    def __init__(self, clock: Clock, within: timedelta) -> None:
        self._clock = clock
        self._ends_at = clock.monotonic() + within.total_seconds()

    def left(self, at_most: timedelta, *, but: timedelta = timedelta(0)) -> timedelta:
        """Return how long the next step may take, when `but` must be left for those after it."""
        left = timedelta(seconds=self._ends_at - self._clock.monotonic()) - but
        return max(min(at_most, left), LEAST)
