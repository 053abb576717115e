"""The action `wait`."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from drills.model.step import Status
from tests.support.drill_actions import attempt, made, step_of, tools


async def test_it_waits_and_is_evidence_of_nothing(tmp_path: Path) -> None:
    """Time that passes proves nothing."""
    step = step_of("wait", with_={"for": "20ms"})
    assert (await made(step, tools(tmp_path)).act(attempt())).status is Status.PASSED
    assert not step.is_real


def test_it_has_a_little_more_time_than_it_needs() -> None:
    """Unless another is given."""
    assert step_of("wait", with_={"for": "10m"}).within == timedelta(minutes=10, seconds=30)
    assert step_of("wait", with_={"for": "10m"}, within="20m").within == timedelta(minutes=20)


def test_it_must_be_able_to_end() -> None:
    """Within its own time."""
    with pytest.raises(ValidationError):
        step_of("wait", with_={"for": "2m"}, within="1m")
