"""What is believed of one probe, outcome by outcome."""

from dataclasses import replace

import pytest

from monitor.model.event import Observed
from monitor.model.outcome import Attempt
from monitor.model.state import ProbeState
from monitor.model.verdict import Phase, View
from monitor.rules.probe import (
    completes_round,
    doubt,
    drop_round,
    is_believed_bad,
    lose_sight,
    must_recover,
    observe,
    round_is_on,
    view,
)
from tests.support.clock import START
from tests.support.rulings import SECOND, outcome
from tests.support.stories import BAD, FRESH, LETTERS, PORTAL, began, play


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
    """With one attempt in all, the first bad outcome carries the answer and confirms; without one it is repeated."""
    settings = replace(PORTAL, confirm_attempts=1)
    assert play("gB", settings=settings).phase is Phase.BAD
    assert play("gX", settings=settings).phase is Phase.GOOD
    assert play("g?", settings=settings).round_bad == 1
    assert play("g?B", settings=settings).phase is Phase.BAD
    assert play("g?g", settings=settings).round_bad == 0


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
