"""Counting by the hour: the same in any order and any parts, and quantiles that are a tenth off at most."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.instants import EPOCH
from monitor.rules.tally import HOUR, added, hour_at, hour_of, of, packed, quantile, unpacked
from tests.support.clock import START

seconds = st.floats(min_value=0, max_value=10_000, allow_nan=False)
took = st.lists(seconds, min_size=1, max_size=60)
spreads = st.dictionaries(st.integers(0, 107), st.integers(1, 2**40), max_size=30)


@given(st.lists(st.tuples(seconds, st.booleans()), max_size=40), st.integers(0, 40))
def test_parts_add_up(runs: list[tuple[float, bool]], cut: int) -> None:
    """However they are divided, the sum is what a naive count of all gives."""
    ones = [of([duration], int(warned)) for duration, warned in runs]
    whole = added([added(ones[cut:]), added(reversed(ones[:cut]))])
    microseconds = [round(duration * 1e6) for duration, _ in runs]
    assert (whole.runs, whole.warned) == (len(runs), sum(warned for _, warned in runs))
    assert (whole.took_microseconds, whole.longest_microseconds) == (sum(microseconds), max(microseconds, default=0))
    assert sum(whole.spread.values()) == len(runs)


@given(took, st.floats(min_value=0, max_value=1))
def test_a_quantile_is_near(durations: list[float], share: float) -> None:
    """It is that of the exact list, but for a tenth; what is quicker than 64 µs is told as such."""
    found = quantile(of(durations, 0), share)
    assert found is not None
    ordered = sorted(durations)
    exact = next(each for rank, each in enumerate(ordered, 1) if rank >= share * len(ordered))
    if 0.000_064 < exact < 7000:
        assert found == pytest.approx(exact, rel=0.1)
    assert found <= max(ordered) + 1e-6


def test_of_nothing_there_is_no_quantile() -> None:
    """It is not zero."""
    assert quantile(added([]), 0.5) is None


@given(spreads)
def test_a_spread_is_read_back(spread: dict[int, int]) -> None:
    """As it was written."""
    assert unpacked(packed(spread)) == spread


@given(st.binary(max_size=40))
def test_a_spread_that_is_read_is_one_that_could_be_written(data: bytes) -> None:
    """Anything else is refused, not guessed at."""
    try:
        spread = unpacked(data)
    except ValueError:
        return
    assert unpacked(packed(spread)) == spread


@pytest.mark.parametrize("data", [b"\x01", b"\x01\x80", b"\x01\x00", b"\x6c\x01", b"\x01\x01\x01\x01"])
def test_a_damaged_spread_is_refused(data: bytes) -> None:
    """Cut off, empty, beyond the last bucket, or twice the same."""
    with pytest.raises(ValueError, match=r"count|bucket"):
        unpacked(data)


@given(st.integers(-10_000, 10_000_000), st.integers(0, 3_599_999_999))
def test_an_hour_holds_its_instants(number: int, microseconds: int) -> None:
    """From its beginning on, half-open, before 1970 too."""
    assert hour_of(hour_at(number) + timedelta(microseconds=microseconds)) == number
    assert hour_of(hour_at(number) + HOUR) == number + 1


def test_hours_count_from_1970() -> None:
    """In UTC."""
    assert hour_of(EPOCH) == 0
    assert hour_at(hour_of(START)) == START
