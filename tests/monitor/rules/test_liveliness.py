"""Whether the monitor lives."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.liveliness import STUCK_SECONDS, Progress, Pulse, followed, stuck
from tests.support.rulings import BOUNDED


def _seen(*pulses: tuple[float, Pulse]) -> list[object]:
    progress: dict[object, Progress] = {}
    at = 0.0
    now: dict[object, Pulse] = {}
    for at, pulse in pulses:
        now = {"settling": pulse}
        progress = followed(progress, now, at)
    return list(stuck(progress, now, at))


def test_work_of_which_nothing_gets_done_is_stuck() -> None:
    """Once its patience is over, not before."""
    waits = Pulse(has_work=True, done=3)
    assert _seen((0, waits), (STUCK_SECONDS, waits)) == []
    assert _seen((0, waits), (STUCK_SECONDS + 1, waits)) == ["settling"]


def test_who_gets_on_or_has_nothing_to_do_is_not() -> None:
    """However long it takes in all."""
    assert _seen((0, Pulse(True, 1)), (40, Pulse(True, 2)), (69, Pulse(True, 2))) == []
    assert _seen((0, Pulse(False, 1)), (1000, Pulse(False, 1)), (1029, Pulse(True, 1))) == []
    assert _seen((0, Pulse(True, 1)), (1000, Pulse(False, 1))) == []


def test_a_part_that_is_gone_is_nobody_s_trouble() -> None:
    """It was stuck, and left with the settings."""
    waits: dict[object, Pulse] = {"a": Pulse(has_work=True, done=0)}
    progress = followed(followed({}, waits, 0), {}, 100)
    assert progress == {}
    assert list(stuck(progress, {}, 100)) == []


@BOUNDED
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1)), min_size=1, max_size=30))
def test_it_is_stuck_exactly_after_so_long_a_row_without_progress(turns: list[tuple[bool, int]]) -> None:
    """Read every 10 s: a row of readings with work and nothing done, longer than the patience."""
    done, row, pulses = 0, 0.0, []
    for number, (has_work, step) in enumerate(turns):
        done += step
        row = 0.0 if number == 0 or step or not has_work else row + 10
        pulses.append((number * 10.0, Pulse(has_work, done)))
    assert bool(_seen(*pulses)) is (row > STUCK_SECONDS)
