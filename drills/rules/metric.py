"""What an answer of Prometheus' query API is worth to a step.

1. An answer that isn't whole (an error, a warning, another kind of result, a value that is no number) is not measured.
2. `present` is judged by whether there is any series.
3. A comparison must hold for every series. No series is nothing to compare: not measured.
"""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

from drills.model.step import Status

_SHOWN: Final = 5
COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "equals": operator.eq,
    "at_least": operator.ge,
    "at_most": operator.le,
    "above": operator.gt,
    "below": operator.lt,
}


class NoAnswer(ValueError):
    """The answer can't be judged; the message says why, and repeats nothing of it."""


def series_of(answer: object) -> tuple[float, ...]:
    """Return the value of each series.

    Raises:
        NoAnswer: there is no telling.
    """
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise NoAnswer("it did not answer the query")
    if answer.get("warnings"):
        raise NoAnswer("it answered with warnings: what it says may not be whole")
    data = answer.get("data")
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
    if kind == "scalar":
        return (_value(result),)
    if kind != "vector" or not isinstance(result, list):
        raise NoAnswer("the query gives no instant values")
    return tuple(_value(each.get("value") if isinstance(each, dict) else None) for each in result)


def judge(series: tuple[float, ...], wanted: Mapping[str, float], is_present: bool | None) -> tuple[Status, str]:  # noqa: FBT001 - three answers
    """Return what the values are worth."""
    count = f"{len(series)} series" if series else "no series"
    if is_present is not None:
        expected = "expected any" if is_present else "expected none"
        return (Status.PASSED, count) if bool(series) is is_present else (Status.FAILED, f"{count}, {expected}")
    if not series:
        return Status.NOT_MEASURED, "no series: there is nothing to compare"
    if any(math.isnan(value) for value in series):
        return Status.NOT_MEASURED, f"{_listed(series)}: not a number"
    for name, number in wanted.items():
        if not all(COMPARISONS[name](value, number) for value in series):
            return Status.FAILED, f"{_listed(series)}, expected {name.replace('_', ' ')} {number:g}"
    return Status.PASSED, _listed(series)


def _value(pair: object) -> float:
    text = pair[1] if isinstance(pair, list) and len(pair) == 2 else None  # noqa: PLR2004 - a time and a value
    try:
        return float(text) if isinstance(text, str) else math.nan
    except ValueError:
        raise NoAnswer("a value of it is no number") from None


def _listed(series: tuple[float, ...]) -> str:
    shown = ", ".join(f"{value:g}" for value in series[:_SHOWN])
    return f"{shown}{' …' if len(series) > _SHOWN else ''}"
