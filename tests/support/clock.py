"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 3, 0, 0, tzinfo=UTC)


class ManualClock:
    """Wall and monotonic time under a test's control."""

    def __init__(self, now: datetime = START, monotonic: float = 1000.0) -> None:
        self._now = now
        self._monotonic = monotonic

    def now(self) -> datetime:
        """Return the wall time set so far."""
        return self._now

    def monotonic(self) -> float:
        """Return the monotonic time set so far."""
        return self._monotonic

    def advance(self, step: float | timedelta) -> datetime:
        """Move both clocks forward by seconds or a duration; return the new wall time."""
        span = step if isinstance(step, timedelta) else timedelta(seconds=step)
        self._now += span
        self._monotonic += span.total_seconds()
        return self._now
