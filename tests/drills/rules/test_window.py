"""Whether a drill may begin, by the clock on the wall somewhere."""

from datetime import UTC, datetime

import pytest

from drills.model.window import WEEKDAYS, Window
from drills.rules.window import is_within, told

OFFICE = Window(("tuesday", "thursday"), "09:00", "16:00", "Europe/Berlin")
NIGHT = Window(("friday",), "22:00", "04:00", "UTC")


@pytest.mark.parametrize(
    ("window", "at", "is_open"),
    [
        (OFFICE, "2026-03-03T08:00", True),  # a Tuesday, 09:00 in Berlin
        (OFFICE, "2026-03-03T07:59", False),
        (OFFICE, "2026-03-03T14:59", True),
        (OFFICE, "2026-03-03T15:00", False),
        (OFFICE, "2026-03-04T10:00", False),  # a Wednesday
        (OFFICE, "2026-07-07T07:00", True),  # in summer it is 09:00 an hour earlier
        (OFFICE, "2026-07-07T06:59", False),
        (NIGHT, "2026-03-06T22:00", True),  # a Friday
        (NIGHT, "2026-03-07T03:59", True),
        (NIGHT, "2026-03-07T04:00", False),
        (NIGHT, "2026-03-07T22:30", False),
        (NIGHT, "2026-03-06T03:00", False),
        (Window(WEEKDAYS, "00:00", "23:59", "Nowhere/Atlantis"), "2026-03-06T12:00", False),
    ],
)
def test_it_is_open_on_its_days_and_hours(window: Window, at: str, *, is_open: bool) -> None:
    """From its first minute on, before its last."""
    assert is_within(window, datetime.fromisoformat(at).replace(tzinfo=UTC)) is is_open


def test_it_is_told_in_words() -> None:
    """With whose clock it is."""
    assert told(OFFICE) == "tuesday, thursday from 09:00 to 16:00 (Europe/Berlin)"
    assert told(Window(WEEKDAYS, "00:00", "23:59", "UTC")) == "any day from 00:00 to 23:59 (UTC)"
