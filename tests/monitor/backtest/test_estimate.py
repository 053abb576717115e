"""Intervals that hold the truth, and quantiles."""

from math import inf, log
from random import Random

import pytest

from monitor.backtest.estimate import counted, poisson_interval, quantile, weighted


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(1, 0.0253, 5.572), (2, 0.2422, 7.225), (5, 1.623, 11.668), (10, 4.795, 18.39), (100, 81.36, 121.63)],
)
def test_interval_of_a_count_is_the_printed_one(count: int, low: float, high: float) -> None:
    """Garwood's limits as tables have them."""
    assert poisson_interval(count) == pytest.approx((low, high), rel=1e-3)


def test_large_counts_go_on_where_small_ones_end() -> None:
    """The approximation and the exact limits meet."""
    exact, near = poisson_interval(500), poisson_interval(501)
    assert near == pytest.approx((exact[0] + 1, exact[1] + 1), abs=0.05)


def test_nothing_seen_is_not_zero() -> None:
    """Fewer than three over the time, 95 times in 100."""
    found = counted(0, 10.0)
    assert found.at_most
    assert found.high == pytest.approx(-log(0.05) / 10)


def test_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Of 400 counts of a known rate about 95 in 100 have it within; never fewer than 92."""
    random = Random(7)
    rate, years = 3.0, 5.0

    def arrivals() -> int:
        count, at = 0, random.expovariate(rate)
        while at < years:
            count, at = count + 1, at + random.expovariate(rate)
        return count

    inside = sum(found.low <= rate <= found.high for found in (counted(arrivals(), years) for _ in range(400)))
    assert 0.92 * 400 <= inside <= 400


def test_weighted_rate_is_reward_over_length() -> None:
    """With its interval around it; nothing where there was no reward, or only one course."""
    found = weighted([0.0, 2.0] * 50, [4.0, 6.0] * 50)
    assert found is not None
    assert found.value == pytest.approx(0.2)
    assert found.low < 0.2 < found.high
    assert found.high == pytest.approx(0.2**2 / found.low)
    assert weighted([0.0] * 10, [1.0] * 10) is None
    assert weighted([], [1.0]) is None
    alone = weighted([1.0], [1.0, 1.0])
    assert alone is None or alone.high == inf


def test_quantiles() -> None:
    """The smallest value that so many do not exceed; never beyond the last."""
    values = [float(each) for each in range(1, 101)]
    assert [quantile(values, share) for share in (0.5, 0.9, 0.99, 1.0)] == [50, 90, 99, 100]
    assert quantile([3.0], 0.5) == 3.0
    assert quantile([1.0, inf], 0.99) == inf
