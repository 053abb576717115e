"""How long what is believed of one probe holds: staleness, the last twenty outcomes, warnings."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.event import Observed
from monitor.model.outcome import Attempt, Warn
from monitor.model.state import ProbeState
from monitor.model.verdict import View
from monitor.rules.probe import (
    HISTORY,
    doubt,
    is_stale,
    lose_sight,
    measured_until,
    observe,
    round_is_on,
    set_back,
    stale_at,
    standing_warnings,
    unsteady_bad,
    view,
)
from tests.support.clock import START
from tests.support.rulings import BOUNDED, INSTANT, MINUTE, SECOND, outcome
from tests.support.stories import BAD, FRESH, GOOD, PORTAL, began, play


@pytest.mark.parametrize(
    ("story", "conclusive"),
    [
        ("g", 0),
        ("gg", 1),
        ("gn", 0),
        ("gs", 0),
        ("gb", 0),
        ("gbbB", 3),
        ("gbbBb", 4),
        ("gbbBg", 4),
        ("gbbBn", 3),
        ("gbbX", 0),
    ],
)
def test_conclusive(story: str, conclusive: int) -> None:
    """Only good outcomes, and bad ones while confirmed bad, settle anything."""
    assert play(story).conclusive_at == START + conclusive * 5 * SECOND


def test_stale_after_three_intervals_and_the_timeout() -> None:
    """A probe counts as measured up to three intervals and its timeout after the last conclusive outcome."""
    state, last = play("g"), START + 50 * SECOND
    assert measured_until(state, PORTAL) == last
    assert not is_stale(state, PORTAL, last)
    assert is_stale(state, PORTAL, last + INSTANT)
    assert stale_at(state, PORTAL, last, blind=False) == last + INSTANT
    assert stale_at(state, PORTAL, last + INSTANT, blind=False) is None


def test_never_measured_is_stale() -> None:
    """What was never measured is stale from the beginning."""
    assert measured_until(FRESH, PORTAL) is None
    assert is_stale(FRESH, PORTAL, START)


def test_a_round_extends_it_by_its_own_bounded_length() -> None:
    """While a round is on the probe counts as measured for as long as the round may take, and three intervals."""
    state = play("gb")
    assert measured_until(state, PORTAL) == began(1) + 3 * 10 * SECOND + 45 * SECOND
    assert measured_until(play("gbn"), PORTAL) == measured_until(play("gb"), PORTAL)
    assert measured_until(play("gbnb"), PORTAL) == measured_until(play("gb"), PORTAL)
    assert measured_until(play("gbbX"), PORTAL) == START + 50 * SECOND


def test_a_round_never_shortens_it() -> None:
    """A round that began early can't make the probe stale earlier."""
    settings = replace(PORTAL, confirm_attempts=2, confirm_every=SECOND, timeout=SECOND, interval=15 * SECOND)
    state = replace(play("g", settings=settings), suspect_since=START - 10 * SECOND)
    assert measured_until(state, settings) == START + 46 * SECOND


def test_a_round_brings_nothing_back_that_was_stale() -> None:
    """A bad outcome of a stale probe does not make it measured again."""
    state, late = play("g"), START + 10 * MINUTE
    seen = observe(state, PORTAL, Observed("portal", outcome(BAD, late), late), blind=False)
    assert round_is_on(seen)
    assert view(seen, PORTAL, late, blind=False) is View.UNMEASURED


def test_bad_bad_not_measured_for_ever_goes_stale() -> None:
    """Rounds that never come to an end settle nothing, so the probe turns stale."""
    state = play("g" + "bbn" * 10)
    assert view(state, PORTAL, START + 155 * SECOND, blind=False) is View.UNMEASURED


@pytest.mark.parametrize(
    ("state", "age", "blind", "expected"),
    [
        pytest.param(FRESH, 0, False, View.UNMEASURED, id="unproven"),
        pytest.param(play("g"), 0, False, View.GOOD, id="good"),
        pytest.param(play("gbb"), 10, False, View.GOOD, id="suspect is still good"),
        pytest.param(play("gbbB"), 15, False, View.BAD, id="confirmed bad"),
        pytest.param(play("gbbBgg"), 25, False, View.BAD, id="recovering is still bad"),
        pytest.param(doubt(play("gbbB")), 15, False, View.UNMEASURED, id="in doubt"),
        pytest.param(play("g"), 51, False, View.UNMEASURED, id="stale good"),
        pytest.param(play("gbbB"), 66, False, View.UNMEASURED, id="stale bad"),
        pytest.param(play("g"), 0, True, View.UNMEASURED, id="blind"),
        pytest.param(play("gbbB"), 15, True, View.UNMEASURED, id="blind and bad"),
    ],
)
def test_view(state: ProbeState, age: int, *, blind: bool, expected: View) -> None:
    """A probe says good or bad only while it is measured, proven, sure and seen."""
    now = START + age * SECOND
    assert view(state, PORTAL, now, blind=blind) is expected
    assert (stale_at(state, PORTAL, now, blind=blind) is None) is (expected is View.UNMEASURED)


def test_a_clock_set_back_keeps_nothing_fresh() -> None:
    """What was measured at an instant that has not come yet counts as measured now; anything else stays."""
    later, earlier = play("g" * 100), play("g")
    assert set_back(later, START).conclusive_at == START
    assert set_back(earlier, START) is earlier
    assert set_back(FRESH, START) is FRESH


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("g", 0),
        ("gbgb", 0),
        ("gbgbgb", 0),
        ("gbgbgbg", 3),
        ("gbgbgbnnn", 0),
        ("gbnbnbg", 3),
        ("gbnbnbbX", 0),
        ("gbnbnbbXg", 0),
        ("gbgbgb" + "g" * 14, 3),
        ("gbgbgb" + "g" * 16, 0),
        ("gbgbgbg" + "n" * 40, 3),
        ("bbb", 0),
        ("gbbB", 3),
    ],
)
def test_unsteady(story: str, expected: int) -> None:
    """At least 3 bad of the last 20 measured scheduled outcomes, and 10 %, is too many."""
    assert unsteady_bad(play(story)) == expected


@pytest.mark.parametrize("attempt", [Attempt.CONFIRMATION, Attempt.CALLED])
def test_only_scheduled_outcomes_count_into_the_ratio(attempt: Attempt) -> None:
    """Confirmations and calls leave the record of scheduled outcomes alone."""
    state = seen = play("g")
    for kind in (BAD, GOOD):
        seen = observe(seen, PORTAL, Observed("portal", outcome(kind, attempt=attempt), START), blind=False)
        assert (seen.recent, seen.recent_count, seen.pending_bad) == (state.recent, state.recent_count, 0)


def test_nothing_of_an_unanswered_round_counts_into_the_ratio() -> None:
    """What a vantage saw that turned out blind leaves no mark, whether the round or the blindness is heard first."""
    state = play("g")
    assert play("bbX", state).recent == state.recent
    assert lose_sight(play("bb", state)).pending_bad == 0


@BOUNDED
@given(st.text("gbn", max_size=60))
def test_record_of_the_last_twenty(story: str) -> None:
    """The record holds the last 20 measured scheduled outcomes since the first good one, the newest lowest."""
    state = play("g" + story + "g", settings=replace(PORTAL, confirm_attempts=100))
    measured = [letter for letter in "g" + story + "g" if letter in "gb"][-HISTORY:]
    assert state.recent_count == len(measured)
    assert [state.recent >> place & 1 for place in range(len(measured))] == [
        int(each == "b") for each in measured[::-1]
    ]


def test_warnings_are_those_of_the_last_good_outcome() -> None:
    """A warning stands until a good outcome without it; bad and unmeasured ones leave it."""
    warned = observe(
        play("g"), PORTAL, Observed("portal", outcome(GOOD, warnings=(Warn.DURATION,)), START), blind=False
    )
    assert standing_warnings(warned) == (Warn.DURATION,)
    assert standing_warnings(play("bn", warned)) == (Warn.DURATION,)
    assert standing_warnings(play("g", warned)) == ()
    assert standing_warnings(play("bbB", warned)) == ()
