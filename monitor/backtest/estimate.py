"""From counts to figures with an interval that holds the truth 95 times in 100.

- A count over a time is taken for a Poisson variable; its interval is the exact one of Garwood (1936, "Fiducial limits
  for the Poisson distribution", Biometrika 28). Nothing seen is not zero: less than 3.0 / time, the "rule of three".
- What is rare is estimated by a ratio: what a course from quiet to quiet brings on average, over how long one lasts
  (renewal-reward; Smith 1955, "Regenerative stochastic processes", Proceedings of the Royal Society A 232). Its
  interval is the delta method's, on the logarithm, because a rate is never below nothing.
- A quantile of so many values is the smallest one that at least that share does not exceed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, exp, inf, lgamma, log, sqrt

Z95 = 1.959963984540054
_SIDE = 0.025
_EXACT_TO = 500  # beyond it Wilson and Hilferty's approximation (1931) is as good


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a year, and between what; `at_most`: none was seen, `high` is the one-sided bound."""

    value: float
    low: float
    high: float
    at_most: bool = False


def counted(count: int, years: float) -> Rate:
    """Return the rate of what was counted in a time longer than nothing."""
    if count == 0:
        return Rate(0.0, 0.0, -log(0.05) / years, at_most=True)
    low, high = poisson_interval(count)
    return Rate(count / years, low / years, high / years)


def weighted(rewards: Sequence[float], lengths: Sequence[float]) -> Rate | None:
    """Return rewards of courses over lengths of other courses of the same kind; None where too little is known."""
    mean_reward, reward_error = _mean(rewards)
    mean_length, length_error = _mean(lengths)
    if not mean_reward or not mean_length:
        return None
    spread = exp(Z95 * sqrt((reward_error / mean_reward) ** 2 + (length_error / mean_length) ** 2))
    value = mean_reward / mean_length
    return Rate(value, value / spread, value * spread)


def poisson_interval(count: int) -> tuple[float, float]:
    """Return between what the mean lies of which a positive count was seen."""
    if count > _EXACT_TO:
        low, high = (
            k * (1 - 1 / (9 * k) + sign * Z95 / (3 * sqrt(k))) ** 3 for k, sign in ((count, -1), (count + 1, 1))
        )
        return low, high
    return (
        _bisect(lambda mean: 1.0 - _at_most(count - 1, mean), _SIDE, count),
        _bisect(lambda mean: -_at_most(count, mean), -_SIDE, count),
    )


def quantile(values: Sequence[float], share: float) -> float:
    """Return the quantile of sorted values, of which there is one at least."""
    return values[max(0, ceil(share * len(values)) - 1)]


def _at_most(count: int, mean: float) -> float:
    """Return the chance that a Poisson variable is no more than a count."""
    if count < 0:
        return 0.0
    if mean <= 0.0:
        return 1.0
    return min(1.0, sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(count + 1)))


def _bisect(rising: Callable[[float], float], wanted: float, count: int) -> float:
    """Return where a function of the mean that never falls comes to a value."""
    low, high = 0.0, 3.0 * count + 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean, and its standard error."""
    if not values:
        return 0.0, inf
    mean = sum(values) / len(values)
    if len(values) == 1:
        return mean, inf
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return mean, sqrt(variance / len(values))
