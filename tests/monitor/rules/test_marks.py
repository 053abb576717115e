"""What marks an outcome without changing it."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.model.outcome import Warn
from monitor.rules.marks import Limits, marks

NOW = datetime(2026, 11, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("limits", "seconds", "expiry_at", "found"),
    [
        (Limits(), 1e9, NOW, ()),
        (Limits(timedelta(seconds=2)), 2.0, None, ()),
        (Limits(timedelta(seconds=2)), 2.1, None, (Warn.DURATION,)),
        (Limits(None, 14), 0.0, None, ()),
        (Limits(None, 14), 0.0, NOW + 14 * DAY, ()),
        (Limits(None, 14), 0.0, NOW + 14 * DAY - timedelta(seconds=1), (Warn.TLS_DAYS_LEFT,)),
        (Limits(timedelta(seconds=2), 14), 3.0, NOW - DAY, (Warn.DURATION, Warn.TLS_DAYS_LEFT)),
    ],
)
def test_marks(limits: Limits, seconds: float, expiry_at: datetime | None, found: tuple[Warn, ...]) -> None:
    """Only beyond what is allowed, and only where something was said to be allowed."""
    assert marks(limits, seconds, expiry_at, NOW) == found
