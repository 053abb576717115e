"""What Prometheus' answers are worth."""

from typing import Any

import pytest

from drills.model.step import Status
from drills.rules.metric import NoAnswer, judge, series_of


def _vector(*values: str) -> dict[str, Any]:
    result = [{"metric": {}, "value": [1.5, value]} for value in values]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        (_vector(), ()),
        (_vector("1", "+Inf"), (1.0, float("inf"))),
        ({"status": "success", "data": {"resultType": "scalar", "result": [1.5, "3"]}}, (3.0,)),
    ],
)
def test_values_are_read(answer: object, values: tuple[float, ...]) -> None:
    """Vectors and scalars."""
    assert series_of(answer) == values


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"status": "error", "errorType": "bad_data", "error": "planted"},
        _vector("1") | {"warnings": ["planted"]},
        {"status": "success", "data": {"resultType": "matrix", "result": []}},
        {"status": "success", "data": None},
        _vector("planted"),
    ],
)
def test_what_is_not_whole_is_no_answer(answer: object) -> None:
    """Nothing of it is repeated."""
    with pytest.raises(NoAnswer) as caught:
        series_of(answer)
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    ("series", "wanted", "status"),
    [
        ((1.0,), {"equals": 1}, Status.PASSED),
        ((1.0, 2.0), {"equals": 1}, Status.FAILED),
        ((1.0, 2.0), {"at_least": 1, "below": 3}, Status.PASSED),
        ((1.0, 3.0), {"at_least": 1, "below": 3}, Status.FAILED),
        ((1.0,), {"above": 1}, Status.FAILED),
        ((1.0,), {"at_most": 1}, Status.PASSED),
        ((), {"at_least": 0}, Status.NOT_MEASURED),
        ((float("nan"),), {"at_least": 0}, Status.NOT_MEASURED),
    ],
)
def test_comparisons(series: tuple[float, ...], wanted: dict[str, float], status: Status) -> None:
    """Every series must hold all of it; nothing to compare is not measured."""
    assert judge(series, wanted, None)[0] is status


@pytest.mark.parametrize(("series", "is_present"), [((1.0,), True), ((), False)])
def test_presence(series: tuple[float, ...], is_present: bool) -> None:  # noqa: FBT001 - two cases
    """Any series, or none."""
    assert judge(series, {}, is_present)[0] is Status.PASSED
    assert judge(series, {}, not is_present)[0] is Status.FAILED
