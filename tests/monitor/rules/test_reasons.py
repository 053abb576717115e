"""Times, names and durations in the lines that say why."""

from datetime import timedelta, timezone

import pytest

from monitor.rules import reasons
from tests.support.clock import START
from tests.support.rulings import HOUR, MINUTE, SECOND


def test_clock() -> None:
    """A time of day is said in UTC, whatever zone it came in."""
    assert reasons.clock(START + 5 * SECOND) == "03:00:05Z"
    assert reasons.clock(START.astimezone(timezone(2 * HOUR))) == "03:00:00Z"


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (timedelta(0), "0s"),
        (SECOND / 2, "0s"),
        (15 * SECOND, "15s"),
        (2 * MINUTE, "2m"),
        (90 * SECOND, "1m30s"),
        (90 * MINUTE, "1h30m"),
        (HOUR + SECOND, "1h1s"),
        (50 * HOUR, "50h"),
    ],
)
def test_span(duration: timedelta, expected: str) -> None:
    """A duration is said without the parts that are zero."""
    assert reasons.span(duration) == expected


@pytest.mark.parametrize(("count", "expected"), [(1, "once"), (2, "2 times"), (10, "10 times")])
def test_times(count: int, expected: str) -> None:
    """How often is said as a person would."""
    assert reasons.times(count) == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b, c"), (["a", "b", "c", "d"], "a, b, c and 1 more")],
)
def test_several(entries: list[str], expected: str) -> None:
    """At most three are named, the rest is counted."""
    assert reasons.several(entries) == expected
