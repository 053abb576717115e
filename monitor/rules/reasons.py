"""Puts times, names and durations into the lines that say why.

1. Times are UTC, to the second, with a Z: `03:00:05Z`. Durations are short: `15s`, `2m`, `1h30m`.
2. A list is never longer than three entries; the rest is counted.
3. A line holds only what was true when the decision was made: no counter that runs on, so that judging the same
   facts again gives the same line.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

BLIND = "this vantage is blind, no control answers"

_SHOWN = 3


def clock(at: datetime) -> str:
    """Return an aware instant as a time of day in UTC."""
    return f"{at.astimezone(UTC):%H:%M:%SZ}"


def span(duration: timedelta) -> str:
    """Return a duration in hours, minutes and seconds, without the parts that are zero; below 1 s: `0s`."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if count]
    return "".join(parts) or "0s"


def times(count: int) -> str:
    """Return how often: `once` or `3 times`."""
    return "once" if count == 1 else f"{count} times"


def several(entries: Sequence[str], joint: str = ", ") -> str:
    """Return the first three entries, and how many more there are."""
    shown = joint.join(entries[:_SHOWN])
    more = len(entries) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
