"""What holds of every story of one probe's attempts."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.model.verdict import Phase, View
from monitor.rules.probe import (
    measured_until,
    view,
)
from tests.support.clock import START
from tests.support.rulings import BOUNDED, SECOND
from tests.support.stories import PORTAL, play


@BOUNDED
@given(st.text("gbnsBX?", max_size=40))
def test_not_measured_never_changes_what_is_believed(story: str) -> None:
    """An outcome that was not measured, or skipped, at any point changes neither phase, row, record nor age."""
    state = play("g" + story)
    for letter in "ns":
        after = play(letter, state)
        assert measured_until(after, PORTAL) == measured_until(state, PORTAL)
        assert replace(after, round_bad=0, round_since=None) == replace(
            state,
            round_bad=0,
            round_since=None,
            last_reason=after.last_reason,
            last_detail=after.last_detail,
            last_at=after.last_at,
        )


@BOUNDED
@given(st.text("gbnsBX?", max_size=40))
def test_what_is_set_fits_the_phase(story: str) -> None:
    """In every state that can be reached, what goes with a phase is set in that phase and in no other."""
    state = play(story)
    is_bad = state.phase is Phase.BAD
    assert (state.bad_since is not None) is is_bad
    assert (state.confirmed_at is not None) is is_bad
    assert (state.round_since is not None) is (state.round_bad > 0)
    assert state.suspect_since is not None or not (state.round_bad or state.pending_bad)
    assert state.round_bad < PORTAL.confirm_attempts
    assert state.good_run < PORTAL.recover
    assert not (state.good_run and not is_bad)
    assert not state.needs_reconfirm
    if state.bad_since is not None and state.confirmed_at is not None:
        assert state.bad_since < state.confirmed_at


@BOUNDED
@given(st.text("gbnsBX?", max_size=40))
def test_bad_only_by_a_whole_round(story: str) -> None:
    """A probe is confirmed bad only right after as many bad outcomes in a row as a round needs, the last answered."""
    for end in range(1, len(story) + 1):
        before, after = play(story[: end - 1]), play(story[:end])
        if after.phase is Phase.BAD and before.phase is not Phase.BAD:
            assert story[end - 1] == "B"
            assert set(story[end - 3 : end]) <= set("bBX?")


@BOUNDED
@given(st.text("gbnsBX?", max_size=30), st.integers(0, 3600))
def test_stale_is_for_good_until_measured(story: str, seconds: int) -> None:
    """Time alone turns a view into unmeasured once, and never into anything else."""
    state, end = play(story), START + len(story) * 5 * SECOND
    earlier = view(state, PORTAL, end, blind=False)
    later = view(state, PORTAL, end + timedelta(seconds=seconds), blind=False)
    assert later in {earlier, View.UNMEASURED}
