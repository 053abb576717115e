"""An exercise's id derives from run and step."""

import re

from hypothesis import given
from hypothesis import strategies as st

from drills.rules.exercise import exercise_id

RUNS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
STEPS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)


@given(RUNS, STEPS, STEPS)
def test_it_is_one_that_the_monitor_takes_the_same_each_time_and_no_other_steps(
    run: str, step: str, other: str
) -> None:
    """1 to 63 of a-z, 0-9 and -."""
    found = exercise_id(run, step)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", found)
    assert found == exercise_id(run, step)
    assert (found == exercise_id(run, other)) == (step == other)


def test_a_short_one_is_plain() -> None:
    """People read it."""
    assert exercise_id("run-1", "outage") == "run-1-outage"
