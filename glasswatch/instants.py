"""Instants as whole numbers since the Unix epoch, rounded down. Pure.

`glasswatch.flag` has its own (`document.unix_ms`): it runs at every login and imports next to nothing.
"""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def unix_ms(at: datetime) -> int:
    """Return an aware instant in Unix milliseconds."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def unix_seconds(at: datetime) -> int:
    """Return an aware instant in Unix seconds."""
    return (at - EPOCH) // timedelta(seconds=1)


def from_seconds(seconds: int) -> datetime:
    """Return the instant of Unix seconds, which must lie before the end of the calendar."""
    return EPOCH + timedelta(seconds=seconds)
