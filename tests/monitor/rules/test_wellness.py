"""Whether this monitor does its work, so that it may say so elsewhere."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.rules.wellness import Condition, unwell
from tests.support.clock import START

WELL = Condition((), is_recording=True, is_blind=False, signed_until={"payments": START + timedelta(seconds=1)})


def test_well() -> None:
    """Nothing missing, recording, seeing, signed."""
    assert unwell(WELL, START) == ()


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (replace(WELL, missing=("a", "b")), ("a", "b")),
        (replace(WELL, is_recording=False), ("the store can't be written",)),
        (replace(WELL, is_blind=True), ("no control answers",)),
        (replace(WELL, signed_until={"payments": START}), ("the flag of payments was not signed again",)),
        (replace(WELL, late=("payments/portal",)), ("payments/portal did not run in time",)),
    ],
    ids=["missing", "store", "blind", "not signed again", "late"],
)
def test_each_of_them_is_a_reason_to_be_silent(condition: Condition, why: tuple[str, ...]) -> None:
    """Alone, and said in words."""
    assert unwell(condition, START) == why


def test_all_reasons_are_said() -> None:
    """Not only the first."""
    assert (
        len(unwell(Condition(("a",), is_recording=False, is_blind=True, signed_until={"x": START}, late=("b",)), START))
        == 5
    )
