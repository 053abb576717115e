"""What is believed of one probe, outcome by outcome."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.event import Observed
from monitor.model.outcome import Attempt, OutcomeKind, Warn
from monitor.model.policy import ProbePolicy
from monitor.model.state import ProbeState
from monitor.model.verdict import Phase, View
from monitor.rules.probe import (
    HISTORY,
    completes_round,
    doubt,
    drop_round,
    is_believed_bad,
    is_stale,
    lose_sight,
    measured_until,
    must_recover,
    observe,
    round_is_on,
    set_back,
    stale_at,
    standing_warnings,
    unsteady_bad,
    view,
)
from tests.support.clock import START
from tests.support.rulings import BOUNDED, INSTANT, MINUTE, SECOND, outcome, probe

PORTAL = probe()
FRESH = ProbeState("f0")
GOOD, BAD, NONE, SKIPPED = OutcomeKind.GOOD, OutcomeKind.BAD, OutcomeKind.NOT_MEASURED, OutcomeKind.SKIPPED

# One letter per attempt, 5 s apart: g good, b bad, n not measured, s skipped, B bad with a control that answered,
# X bad with none that did, ? bad without anybody having asked where an answer was needed.
LETTERS = {
    "g": (GOOD, None),
    "b": (BAD, None),
    "n": (NONE, None),
    "s": (SKIPPED, None),
    "B": (BAD, True),
    "X": (BAD, False),
    "?": (BAD, None),
}


def play(story: str, state: ProbeState = FRESH, settings: ProbePolicy = PORTAL, *, blind: bool = False) -> ProbeState:
    """Have a story of attempts happen, the first at START."""
    for number, letter in enumerate(story.replace(" ", "")):
        kind, answered = LETTERS[letter]
        at = START + number * 5 * SECOND
        state = observe(state, settings, Observed(settings.name, outcome(kind, at), at, answered), blind=blind)
    return state


def began(number: int) -> datetime:
    """Return when the attempt of this number began."""
    return START + number * 5 * SECOND - SECOND / 10


@pytest.mark.parametrize(
    ("story", "phase", "round_bad", "good_run"),
    [
        pytest.param("", Phase.UNPROVEN, 0, 0, id="nothing happened"),
        pytest.param("b", Phase.UNPROVEN, 0, 0, id="bad says nothing of an unproven probe"),
        pytest.param("bbB", Phase.UNPROVEN, 0, 0, id="not even a whole round"),
        pytest.param("n", Phase.UNPROVEN, 0, 0, id="not measured proves nothing"),
        pytest.param("s", Phase.UNPROVEN, 0, 0, id="skipped proves nothing"),
        pytest.param("g", Phase.GOOD, 0, 0, id="one good outcome proves it"),
        pytest.param("bbg", Phase.GOOD, 0, 0, id="bad ones before don't count"),
        pytest.param("gb", Phase.GOOD, 1, 0, id="a bad one begins a round"),
        pytest.param("gbb", Phase.GOOD, 2, 0, id="another goes on"),
        pytest.param("gbg", Phase.GOOD, 0, 0, id="a good one ends the round"),
        pytest.param("gbbg", Phase.GOOD, 0, 0, id="also the last"),
        pytest.param("gbbn", Phase.GOOD, 0, 0, id="bad, bad, not measured decides nothing"),
        pytest.param("gbs", Phase.GOOD, 0, 0, id="skipped ends the round undecided"),
        pytest.param("gbnb", Phase.GOOD, 1, 0, id="then a bad one begins another"),
        pytest.param("gbbB", Phase.BAD, 0, 0, id="all bad and a control answered"),
        pytest.param("gbbX", Phase.GOOD, 0, 0, id="no control answered: nothing of it is believed"),
        pytest.param("gbbXb", Phase.GOOD, 1, 0, id="and the next bad one begins anew"),
        pytest.param("gbb?", Phase.GOOD, 2, 0, id="nobody asked: it neither confirms nor drops"),
        pytest.param("gbb?B", Phase.BAD, 0, 0, id="and the next one completes the round"),
        pytest.param("gbb?X", Phase.GOOD, 0, 0, id="or drops it"),
        pytest.param("gBXB", Phase.BAD, 0, 0, id="an answer counts only where the round is complete"),
        pytest.param("gbbBg", Phase.BAD, 0, 1, id="one good one is not enough"),
        pytest.param("gbbBgg", Phase.BAD, 0, 2, id="nor are two"),
        pytest.param("gbbBggg", Phase.GOOD, 0, 0, id="three in a row end it"),
        pytest.param("gbbBggbg", Phase.BAD, 0, 1, id="a bad one breaks the row"),
        pytest.param("gbbBgngsg", Phase.GOOD, 0, 0, id="not measured doesn't"),
        pytest.param("gbbBbb", Phase.BAD, 0, 0, id="confirmed bad stays so"),
        pytest.param("gbbBX", Phase.BAD, 0, 0, id="whatever the controls say then"),
        pytest.param("gbbBnnn", Phase.BAD, 0, 0, id="and isn't ended by what wasn't measured"),
        pytest.param("gbbBgggb", Phase.GOOD, 1, 0, id="after recovery a new round is needed"),
    ],
)
def test_stories(story: str, phase: Phase, round_bad: int, good_run: int) -> None:
    """Each story of outcomes ends in the phase, round and row that design 3.3 says."""
    state = play(story)
    assert (state.phase, state.round_bad, state.good_run) == (phase, round_bad, good_run)
    assert round_is_on(state) is (round_bad > 0)


def test_confirmed_since_the_first_attempt_of_the_round() -> None:
    """A confirmed probe is bad since the round's first attempt began, and confirmed when its last ended."""
    state = play("gbbB")
    assert state.bad_since == began(1)
    assert state.confirmed_at == START + 15 * SECOND
    assert state.bad_detail == "status 503, expected 200"
    assert state.good_since is None


def test_recovered_since_the_first_good_one_of_the_row() -> None:
    """A recovered probe is good since the row's first attempt began, and no longer bad since anything."""
    state = play("gbbBggbgngg")
    assert state.phase is Phase.GOOD
    assert state.good_since == began(7)
    assert (state.bad_since, state.confirmed_at, state.bad_detail) == (None, None, "")


def test_proven_since_its_first_good_one() -> None:
    """A probe that was good for the first time is good since then, and stays so while good."""
    assert play("bgggg").good_since == began(1)


def test_bad_outcomes_move_bad_since_no_more() -> None:
    """What began once confirmed doesn't begin again."""
    assert play("gbbBbbb").bad_since == began(1)


def test_one_attempt_confirms_where_settings_say_so() -> None:
    """With one attempt in all, the first bad outcome carries the answer and confirms."""
    settings = replace(PORTAL, confirm_attempts=1)
    assert play("gB", settings=settings).phase is Phase.BAD
    assert play("gX", settings=settings).phase is Phase.GOOD
    assert play("g?", settings=settings).round_bad == 0


def test_one_good_outcome_recovers_where_settings_say_so() -> None:
    """With `recover` 1 the first good outcome ends it."""
    assert play("gbbBg", settings=replace(PORTAL, recover=1)).phase is Phase.GOOD


@pytest.mark.parametrize("attempt", list(Attempt))
def test_every_kind_of_attempt_confirms(attempt: Attempt) -> None:
    """A scheduled or called outcome in the middle of a round counts like a confirmation."""
    state = play("gbb")
    seen = Observed("portal", outcome(BAD, START + 15 * SECOND, attempt=attempt), START + 15 * SECOND, True)
    assert observe(state, PORTAL, seen, blind=False).phase is Phase.BAD


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("", False),
        ("g", False),
        ("gb", False),
        ("gbb", True),
        ("gbb?", True),
        ("gbbB", False),
        ("gbbBgg", False),
        ("gbbn", False),
    ],
)
def test_completes_round(story: str, *, expected: bool) -> None:
    """The controls' answer is needed exactly when one more bad outcome would complete a round."""
    assert completes_round(play(story), PORTAL) is expected


def test_completes_round_when_in_doubt() -> None:
    """A probe that must be confirmed again needs a whole round for it."""
    state = doubt(play("gbbB"))
    assert not completes_round(state, PORTAL)
    assert completes_round(play("bb", state), PORTAL)
    assert completes_round(state, replace(PORTAL, confirm_attempts=1))


def test_doubted_is_confirmed_again_by_a_round() -> None:
    """What was bad before a gap is believed again after a new round, since that round began."""
    state = play("nbbB", doubt(play("gbbBgg")))
    assert is_believed_bad(state)
    assert (state.bad_since, state.good_run) == (began(1), 0)


def test_doubted_is_ended_by_a_row() -> None:
    """What was bad before a gap is good after a row of good outcomes, counted from the gap."""
    state = doubt(play("gbbBgg"))
    assert (state.good_run, state.good_since) == (0, None)
    assert play("gg", state).phase is Phase.BAD
    recovered = play("bgbggg", state)
    assert (recovered.phase, recovered.needs_reconfirm, recovered.good_since) == (Phase.GOOD, False, began(3))


def test_doubted_is_dropped_by_blind_controls() -> None:
    """A round without a control's answer confirms no doubt."""
    state = play("bbX", doubt(play("gbbB")))
    assert not is_believed_bad(state)
    assert state.round_bad == 0


def test_changed_opener_may_not_be_confirmed_before_it_was_good() -> None:
    """A probe that holds an outage and whose settings changed must be good once before anything bad is believed."""
    held = ProbeState("f1", needs_reconfirm=True)
    assert play("bbBbbB", held) == replace(held, last_reason=play("b").last_reason, last_detail=play("b").last_detail,
                                           last_at=START + 25 * SECOND)  # fmt: skip
    assert is_believed_bad(play("gbbB", held))


def test_changed_opener_must_recover_by_a_whole_row() -> None:
    """A probe that holds an outage and whose settings changed is good only after `recover` good outcomes."""
    held = ProbeState("f1", needs_reconfirm=True)
    assert play("gg", held).phase is Phase.BAD
    assert play("ggg", held).phase is Phase.GOOD
    assert play("ggg", held).good_since == began(0)
    assert play("g", held, replace(PORTAL, recover=1)).phase is Phase.GOOD


@pytest.mark.parametrize("before", ["", "g", "gb", "gbb", "gbbB", "gbbBg"])
@pytest.mark.parametrize("letter", list(LETTERS))
def test_blind_believes_nothing(before: str, letter: str) -> None:
    """While blind an outcome changes nothing but what was last seen."""
    state = play(before)
    seen = play(letter, state, blind=True)
    assert seen == replace(state, last_reason=seen.last_reason, last_detail=seen.last_detail, last_at=seen.last_at)
    assert seen.last_at == START


@pytest.mark.parametrize(
    ("before", "round_bad", "good_run"), [("g", 0, 0), ("gbb", 0, 0), ("gbbBgg", 0, 0), ("gbbB", 0, 0), ("", 0, 0)]
)
def test_blindness_breaks_rounds_and_rows(before: str, round_bad: int, good_run: int) -> None:
    """Turning blind drops a round and breaks a row of good outcomes, and leaves the phase."""
    state = play(before)
    after = lose_sight(state)
    assert (after.phase, after.round_bad, after.good_run) == (state.phase, round_bad, good_run)


def test_blindness_keeps_since_when_it_is_good() -> None:
    """Turning blind doesn't forget since when a good probe is good."""
    assert lose_sight(play("gb")).good_since == began(0)
    assert lose_sight(play("gbbBg")).good_since is None


def test_drop_round_leaves_everything_else() -> None:
    """Dropping a round leaves a row of good outcomes, and the phase."""
    assert drop_round(play("gbbBgg")) == play("gbbBgg")
    assert drop_round(play("gbb")).round_since is None


def test_doubt_is_for_the_bad_only() -> None:
    """A probe that isn't confirmed bad only loses its round to a gap."""
    assert doubt(play("gbb")) == drop_round(play("gbb"))
    assert doubt(FRESH) == FRESH


@pytest.mark.parametrize(
    ("before", "phase"), [("", Phase.UNPROVEN), ("g", Phase.BAD), ("gbb", Phase.BAD), ("gbbBgg", Phase.BAD)]
)
def test_must_recover(before: str, phase: Phase) -> None:
    """A probe that takes an outage over is not measured until a whole row made it good."""
    held = must_recover(play(before))
    assert (held.phase, held.needs_reconfirm) == (phase, True)
    assert (held.round_bad, held.good_run, held.good_since) == (0, 0, None)
    assert view(held, PORTAL, START, blind=False) is View.UNMEASURED
    assert play("ggg", held).phase is Phase.GOOD


# staleness


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


# ratio and warnings


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


# properties


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


def test_a_clock_set_back_keeps_nothing_fresh() -> None:
    """What was measured at an instant that has not come yet counts as measured now; anything else stays."""
    later, earlier = play("g" * 100), play("g")
    assert set_back(later, START).conclusive_at == START
    assert set_back(earlier, START) is earlier
    assert set_back(FRESH, START) is FRESH
