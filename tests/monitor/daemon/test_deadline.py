"""One deadline for several steps."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.deadline import LEAST, Deadline
from tests.support.clock import ManualClock

SECOND = timedelta(seconds=1)


def test_what_one_step_takes_the_next_do_not_have() -> None:
    """Each has what it asks for at most, and no more than is left."""
    clock = ManualClock()
    ends = Deadline(clock, 5 * SECOND)
    assert ends.left(3 * SECOND) == 3 * SECOND
    clock.advance(3)
    assert ends.left(3 * SECOND) == 2 * SECOND
    assert ends.left(3 * SECOND, but=1.5 * SECOND) == SECOND / 2


def test_a_late_step_has_a_moment_all_the_same() -> None:
    """One that hangs nowhere gets done even after the end."""
    clock = ManualClock()
    ends = Deadline(clock, 5 * SECOND)
    clock.advance(60)
    assert ends.left(3 * SECOND) == LEAST
    assert ends.left(3 * SECOND, but=SECOND) == LEAST


@given(st.lists(st.floats(0, 10), max_size=8))
def test_steps_that_keep_their_bounds_end_in_time(wishes: list[float]) -> None:
    """Whatever they ask for, all of them take no longer than the deadline, and a moment each."""
    clock = ManualClock()
    ends, begun = Deadline(clock, 5 * SECOND), clock.monotonic()
    for wish in wishes:
        clock.advance(ends.left(timedelta(seconds=wish)))
    assert clock.monotonic() - begun <= 5 + len(wishes) * LEAST.total_seconds() + 1e-6
