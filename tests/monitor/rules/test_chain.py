"""What a chain that was accepted is worth."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.rules.chain import first_to_end, is_too_short

NOW = datetime(2026, 11, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(("days", "place"), [([], None), ([3], 0), ([3, 2, 9], 1), ([2, 3, 2], 0)])
def test_the_first_to_end(days: list[int], place: int | None) -> None:
    """The server's own where several end together."""
    assert first_to_end([NOW + each * DAY for each in days]) == place


@pytest.mark.parametrize(
    ("left", "days", "is_short"),
    [(9 * DAY, None, False), (9 * DAY, 9, False), (9 * DAY - timedelta(seconds=1), 9, True), (-DAY, 1, True)],
)
def test_days_that_are_left(left: timedelta, days: int | None, is_short: bool) -> None:  # noqa: FBT001 - a table's column
    """As many as expected are enough."""
    assert is_too_short(NOW + left, days, NOW) is is_short
