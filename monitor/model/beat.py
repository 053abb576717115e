"""What was heard of a heartbeat."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Beat:
    """One beat. `reading`: of the monotonic clock when it was heard; None: an earlier run of the monitor heard it."""

    at: datetime
    is_well: bool
    reading: float | None = None


@dataclass(frozen=True, slots=True)
class Listening:
    """The last beat, if any, and since when nothing can have been missed: by the clock, and its monotonic reading."""

    last: Beat | None
    since: datetime
    reading: float


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a beat is expected, and how much later it may come."""

    every: timedelta
    grace: timedelta

    @property
    def longest(self) -> timedelta:
        """The longest silence that says nothing."""
        return self.every + self.grace
