"""Half-open spans against a naive model that looks at every second by itself."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.spans import Span, merge, subtract, total_seconds

START = datetime(2026, 3, 1, tzinfo=UTC)
HORIZON = 40


def _at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def _span(first: int, last: int) -> Span:
    return Span(_at(first), _at(last))


SECONDS = st.integers(min_value=0, max_value=HORIZON)
SPANS = st.lists(st.tuples(SECONDS, SECONDS).map(lambda pair: _span(min(pair), max(pair))), max_size=8)


def _held(spans: list[Span]) -> set[int]:
    """The naive model: the seconds at which some span holds time."""
    return {second for second in range(HORIZON + 1) if any(span.contains(_at(second)) for span in spans)}


def _is_tidy(spans: list[Span]) -> bool:
    return all(not span.is_empty for span in spans) and all(one.end < other.start for one, other in pairwise(spans))


@given(SPANS)
def test_merging_keeps_the_time_and_tidies_it(spans: list[Span]) -> None:
    """Merged spans hold the same seconds, in order, and none touches the next."""
    merged = merge(spans)
    assert _held(merged) == _held(spans)
    assert _is_tidy(merged)


@given(SPANS, SPANS)
def test_subtracting_leaves_what_only_the_first_hold(spans: list[Span], holes: list[Span]) -> None:
    """What is left is each second that a span holds and no hole does."""
    left = subtract(spans, holes)
    assert _held(left) == _held(spans) - _held(holes)
    assert _is_tidy(left)


@given(SPANS)
def test_total_counts_each_second_once(spans: list[Span]) -> None:
    """Time that several spans hold counts once."""
    assert total_seconds(spans) == len(_held(spans))


@given(SPANS, SPANS)
def test_time_is_neither_lost_nor_made(spans: list[Span], holes: list[Span]) -> None:
    """What a subtraction leaves and what it takes add up to what was there."""
    left = subtract(spans, holes)
    taken = subtract(spans, left)
    assert total_seconds(left) + total_seconds(taken) == total_seconds(spans)
    assert merge([*left, *taken]) == merge(spans)


@given(st.tuples(SECONDS, SECONDS), st.tuples(SECONDS, SECONDS))
def test_intersection_holds_what_both_hold(one: tuple[int, int], other: tuple[int, int]) -> None:
    """An intersection is what both hold, and None for nothing."""
    first, second = (_span(min(pair), max(pair)) for pair in (one, other))
    both = first.intersect(second)
    assert _held([both] if both else []) == _held([first]) & _held([second])
    assert both is None or not both.is_empty


def test_holds_its_start_and_not_its_end() -> None:
    """A span is half-open, so that neighbours never share an instant."""
    span = _span(0, 10)
    assert span.contains(_at(0))
    assert not span.contains(_at(10))
    assert span.seconds == 10
    assert merge([_span(10, 20), span]) == [_span(0, 20)]


def test_an_empty_span_holds_nothing() -> None:
    """An empty span may be written, and never appears in a result."""
    empty = _span(5, 5)
    assert not empty.contains(_at(5))
    assert merge([empty]) == []
    assert subtract([_span(0, 10)], [empty]) == [_span(0, 10)]


def test_counts_in_utc_where_local_time_skips_an_hour() -> None:
    """A span over the change to summer time is as long as it was on a stopwatch."""
    berlin = ZoneInfo("Europe/Berlin")
    span = Span(datetime(2026, 3, 29, 1, 30, tzinfo=berlin), datetime(2026, 3, 29, 3, 30, tzinfo=berlin))
    assert span.seconds == 3600
    assert span == Span(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC))


def test_refuses_naive_times_and_a_negative_span() -> None:
    """Ends are aware, and in order."""
    with pytest.raises(ValueError, match="aware"):
        Span(datetime(2026, 3, 1), _at(1))  # noqa: DTZ001 - that is the mistake
    with pytest.raises(ValueError, match="before it starts"):
        _span(2, 1)
    Span(datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=14))), _at(0))
