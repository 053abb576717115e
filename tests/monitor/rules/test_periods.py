"""Calendar periods by name, and when their report is due."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from glasswatch.spans import Span
from monitor.rules.periods import Terms, current, due, named

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def test_a_month_and_a_quarter_have_names() -> None:
    """In the time zone, whatever is current there is found under its name again."""
    october = named("2026-10", BERLIN)
    assert october is not None
    assert october.span == Span(datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC))
    quarter = named("2026-Q4", BERLIN)
    assert quarter is not None
    assert quarter.span == Span(datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC))
    for at in (datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 22, 59, tzinfo=UTC)):
        assert current(Terms(timezone="Europe/Berlin"), at) == october
        assert current(Terms(timezone="Europe/Berlin", period="quarter"), at) == quarter


@pytest.mark.parametrize(
    "name", ["2026-13", "2026-00", "2026-Q5", "2026-Q0", "2026", "26-10", "2026-1", "0000-01", "9999-12", "2026-10 "]
)
def test_what_is_no_period_has_none(name: str) -> None:
    """Neither a month that isn't, nor a year beyond what can be reckoned with."""
    assert named(name, UTC) is None


def test_a_report_is_due_an_hour_after_the_end() -> None:
    """Not before; once; and all that were missed, the oldest first."""
    since, ends = datetime(2026, 8, 20, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    assert [each.name for each in due(ends + HOUR - HOUR.resolution, Terms(), since, ())] == ["2026-08"]
    assert [each.name for each in due(ends + HOUR, Terms(), since, ())] == ["2026-08", "2026-09"]
    assert [each.name for each in due(ends + HOUR, Terms(), since, ("2026-08",))] == ["2026-09"]
    assert [each.name for each in due(ends + HOUR, Terms(period="quarter"), since, ())] == ["2026-Q3"]
    assert due(ends + HOUR, Terms(), None, ()) == ()
    assert due(since, Terms(), since, ()) == ()


def test_what_was_watched_first_tomorrow_is_due_never() -> None:
    """A clock that was set back finds nothing to catch up."""
    now = datetime(2026, 8, 20, tzinfo=UTC)
    assert due(now, Terms(), now + timedelta(days=90), ()) == ()
