"""The way back: what is known closed, what is not, and in which order."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.errors import FaultKind
from platforms.journey.model import Answer, Ask, Ending, Failed, Journey, Opening, OpenState, Pause, Why
from platforms.journey.rules.closing import Moment, close, countable, has_ended, is_due, last_first, later
from platforms.journey.rules.needs import unclosable, way_to
from tests.support.clock import START
from tests.support.journeys import FIND, JOURNEY, REFUSED, REQUEST, RUN, UNDO, Played, answer, good_answers, with_step

KEPT = {"request": '"req-1"', "grant": '"grant-1"'}
OPEN = Opening(RUN, "request", START, OpenState.OPEN, KEPT)
INTENDED = Opening(RUN, "request", START)
SECRETS = {"password": "hunter2"}
LATER = START + timedelta(seconds=60)
LOST = Failed(Why.FAULT, "the connection was reset", FaultKind.LOST)
NO_FIND = with_step(replace(REQUEST, undo=replace(UNDO, find=None)))


def back(
    opening: Opening, journey: Journey = JOURNEY, *, now: datetime = LATER, values: Any = SECRETS, **answers: Any
) -> tuple[Ending, Played]:
    """Close an opening as after a crash, unless values say that the run still knows more."""
    played = Played(good_answers(**answers))
    return played.drive(close(journey, opening, Moment((now - START).total_seconds(), values))), played


def test_after_a_crash_it_signs_in_anew_and_undoes_what_is_on_record() -> None:
    """With the id that was kept and a session that wasn't."""
    ending, played = back(OPEN)
    assert ending.why is Why.OK
    assert [(each.step, each.target) for each in played.sent] == [
        ("sign_in", "/signin"),
        ("undo of request", "/requests/req-1/withdraw"),
    ]
    assert played.sent[1].headers == {"Authorization": "Bearer s-1"}


def test_in_the_same_run_the_session_is_used_that_there_is() -> None:
    """Nothing is signed in twice."""
    _, played = back(OPEN, values={**SECRETS, "session": "s-0", "request": "req-1"})
    assert played.steps == ["undo of request"]


@pytest.mark.parametrize("status", [404, 410, 409])
def test_what_is_gone_is_closed(status: int) -> None:
    """404 and 410, and what the settings list, whatever the body says."""
    assert back(OPEN, undo__request=Answer(status, (), b"<html>"))[0].why is Why.OK


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (answer(500), Why.STATUS),
        (answer(403), Why.STATUS),
        (answer(202), Why.STATUS),
        (answer(302), Why.STATUS),
        (answer(429), Why.RATE_LIMITED),
        (LOST, Why.FAULT),
        (Failed(Why.TIMEOUT, "no answer"), Why.TIMEOUT),
    ],
)
def test_anything_else_is_not_closed(what: Answer | Failed, why: Why) -> None:
    """It is never believed closed because nothing better came."""
    assert back(OPEN, undo__request=what)[0].why is why


def test_an_undo_that_answers_nonsense_is_not_closed_where_json_is_expected() -> None:
    """200 alone proves little: what closes says so."""
    from tests.support.journeys import GRANTED  # noqa: PLC0415 - its condition serves here

    wanted = replace(UNDO.expect, json=(GRANTED.until.json if GRANTED.until else ()))
    journey = with_step(replace(REQUEST, undo=replace(UNDO, expect=wanted)))
    assert back(OPEN, journey, undo__request=Answer(200, (), b"<html>"))[0].why is Why.JSON
    assert back(OPEN, journey, undo__request=answer(200, state="granted"))[0].why is Why.OK


def test_what_may_pass_is_tried_again_within_bounds() -> None:
    """Four tries with growing pauses; the last one counts."""
    seen: Iterator[Answer | Failed] = iter([answer(503), LOST, answer(429), answer(200)])
    answers = good_answers()

    def undone() -> Answer | Failed:
        return next(seen)

    answers["undo of request"] = undone
    played = Played(answers)
    assert played.drive(close(JOURNEY, OPEN, Moment(60.0, SECRETS))).why is Why.OK
    assert [order.seconds for order in played.orders if isinstance(order, Pause)] == [1, 2, 4]
    assert back(OPEN, undo__request=answer(503))[1].steps.count("undo of request") == 4
    assert back(OPEN, undo__request=answer(403))[1].steps.count("undo of request") == 1


def test_an_answer_that_was_not_seen_is_looked_up() -> None:
    """What is found is undone."""
    ending, played = back(INTENDED, find__request=answer(200, requests=[{"id": "req-7"}]))
    assert ending.why is Why.OK
    assert [(each.step, each.target) for each in played.sent[1:]] == [
        ("find of request", f"/requests?reason={RUN}"),
        ("undo of request", "/requests/req-7/withdraw"),
    ]


@pytest.mark.parametrize("nothing", [answer(404), answer(410), answer(200, requests=[])])
def test_nothing_there_is_believed_only_once_the_request_can_no_longer_be_under_way(nothing: Answer) -> None:
    """A server that is slow may still open it."""
    ending, played = back(INTENDED, find__request=nothing, now=LATER - timedelta(microseconds=1))
    assert ending.why is Why.NOTHING_YET
    ending, played = back(INTENDED, find__request=nothing)
    assert (ending.why, played.steps) == (Why.OK, ["sign_in", "find of request"])


@pytest.mark.parametrize(
    "what", [answer(500), answer(403), LOST, Answer(200, (), b'{"requests": [{"id": "\\ud800"}]}')]
)
def test_a_look_up_that_fails_closes_nothing(what: Answer | Failed) -> None:
    """Not being able to look is not seeing nothing."""
    ending, played = back(INTENDED, find__request=what)
    assert ending.why not in (Why.OK, Why.NOTHING_YET)
    assert "undo of request" not in played.steps


@pytest.mark.parametrize("now", [LATER, START + timedelta(days=400)])
def test_without_a_look_up_sight_is_lost_and_time_alone_closes_nothing(now: datetime) -> None:
    """It is named."""
    ending, played = back(INTENDED, NO_FIND, now=now)
    assert (ending.why, played.steps) == (Why.LOST_SIGHT, [])


ENDS = with_step(replace(REQUEST, undo=replace(UNDO, ends_after=timedelta(minutes=15))))


def test_what_is_past_its_end_is_closed_as_ever() -> None:
    """That it has ended by itself is not taken for granted."""
    ending, played = back(OPEN, ENDS, now=START + timedelta(days=1))
    assert (ending.why, played.steps[-1]) == (Why.OK, "undo of request")


@pytest.mark.parametrize(("tries", "ended"), [(0, False), (1, False), (4, False), (5, True), (30, True)])
def test_what_can_not_be_closed_past_its_end_has_ended_once_trying_took_as_long(tries: int, *, ended: bool) -> None:
    """Without the longest pause: however far the wall clock leapt, it leapt over one of them."""
    tried, end = replace(OPEN, tries=tries), START + timedelta(minutes=15)
    assert has_ended(ENDS, tried, END_OF_DAYS) is ended
    assert not has_ended(ENDS, tried, end - timedelta(microseconds=1))
    assert has_ended(ENDS, tried, end) is ended


END_OF_DAYS = START + timedelta(days=400)


def test_what_nobody_said_ends_never_does() -> None:
    """Nor does one that is not due, or that the settings no longer know."""
    tried = replace(OPEN, tries=1000)
    assert not has_ended(JOURNEY, tried, END_OF_DAYS)
    assert not has_ended(ENDS, replace(tried, step="gone"), END_OF_DAYS)
    assert not has_ended(ENDS, replace(tried, again_at=END_OF_DAYS + timedelta(seconds=1)), END_OF_DAYS)


def test_an_undo_that_needs_no_captured_value_is_sent_whatever_was_seen() -> None:
    """Closing by the run's id needs no look-up."""
    undo = replace(UNDO, find=None, ask=Ask("DELETE", "/requests/by-run/${run}"))
    ending, played = back(INTENDED, with_step(replace(REQUEST, undo=undo)))
    assert (ending.why, played.steps) == (Why.OK, ["undo of request"])


@pytest.mark.parametrize(
    ("what", "why"), [(answer(401), Why.CREDENTIALS), (answer(503), Why.STATUS), (answer(201), Why.JSON)]
)
def test_who_can_not_sign_in_closes_nothing(what: Answer, why: Why) -> None:
    """The reason is that of signing in."""
    ending, played = back(OPEN, sign_in=what)
    assert (ending.why, ending.step) == (why, "sign_in")
    assert "undo of request" not in played.steps


def test_what_was_used_after_revocation_is_closed_only_when_use_is_refused() -> None:
    """A platform that said closed once is not taken at its word twice."""
    disproved = replace(OPEN, disproved_by=REFUSED.id)
    ending, played = back(disproved, use_refused=answer(200))
    assert (ending.why, played.steps) == (Why.NOT_REFUSED, ["sign_in", "undo of request", "use_refused"])
    assert back(disproved, use_refused=answer(409))[0].why is Why.OK
    assert back(disproved, use_refused=answer(500))[0].why is Why.STATUS


def test_settings_that_no_longer_know_the_step_close_nothing() -> None:
    """The settings changed while it was open: it is named."""
    assert back(replace(OPEN, step="gone"))[0].why is Why.LOST_SIGHT


def test_a_hostile_id_on_record_is_data() -> None:
    """It stays one segment of the path, or nothing is sent."""
    ending, played = back(replace(OPEN, kept={"request": '"../../admin?x=1"'}))
    assert played.sent[-1].target == "/requests/..%2F..%2Fadmin%3Fx%3D1/withdraw"
    ending, played = back(replace(OPEN, kept={"request": '".."'}))
    assert (ending.why, ending.fault, played.steps) == (Why.FAULT, FaultKind.PROTOCOL, ["sign_in"])


openings = st.builds(
    lambda minute, place, state: Opening(
        f"run-{minute}", f"s-{place}", START + timedelta(minutes=minute), state, place=place
    ),
    st.integers(0, 5),
    st.integers(0, 5),
    st.sampled_from(OpenState),
)


@given(st.lists(openings, unique_by=lambda opening: (opening.run, opening.step)))
def test_what_was_opened_last_is_closed_first(found: list[Opening]) -> None:
    """Over runs and within them; what is closed is left out, and nothing else is."""
    ordered = last_first(found)
    keys = [(opening.at, opening.place) for opening in ordered]
    assert keys == sorted(keys, reverse=True)
    assert {id(opening) for opening in ordered} == {id(each) for each in found if each.state is not OpenState.CLOSED}


@given(st.integers(0, 100))
def test_what_could_not_be_closed_is_tried_again_ever_more_rarely_and_within_the_hour(tries: int) -> None:
    """One minute at first, then twice as long each time."""
    after = later(replace(OPEN, tries=tries), LATER)
    assert after.tries == tries + 1
    assert after.again_at is not None
    assert after.again_at - LATER == timedelta(minutes=min(2**tries, 60))
    assert not is_due(after, after.again_at - timedelta(microseconds=1))
    assert later(after, LATER) is after  # tried before it was due: that proves no time
    assert is_due(after, after.again_at)
    assert is_due(OPEN, LATER)


def test_a_clock_set_back_puts_nothing_off_for_longer_than_any_pause() -> None:
    """It was ahead by a day when the last try failed."""
    again_at = LATER + timedelta(days=1)
    assert is_due(replace(OPEN, again_at=again_at), LATER)
    assert not is_due(replace(OPEN, again_at=LATER + timedelta(hours=1)), LATER)


def test_only_what_can_be_seen_counts_as_piled_up() -> None:
    """Nobody can close what nobody can look up: it must not hold up the measuring for ever."""
    assert countable([OPEN, INTENDED, replace(OPEN, state=OpenState.CLOSED)], JOURNEY) == 2
    assert countable([OPEN, INTENDED], NO_FIND) == 1


NEEDS: dict[str, tuple[Callable[[], Journey], set[str]]] = {
    "kept, and a session": (lambda: JOURNEY, set()),
    "kept without a look-up": (lambda: NO_FIND, set()),
    "found, not kept": (lambda: with_step(replace(REQUEST, capture=(replace(REQUEST.capture[0], keep=False),))), set()),
    "neither kept nor found": (
        lambda: with_step(
            replace(REQUEST, capture=(replace(REQUEST.capture[0], keep=False),), undo=replace(UNDO, find=None))
        ),
        {"request"},
    ),
    "a look-up that needs what is lost": (
        lambda: with_step(replace(REQUEST, undo=replace(UNDO, find=replace(FIND, ask=Ask(path="/x/${grant}"))))),
        {"grant"},
    ),
}


@pytest.mark.parametrize(("journey", "lost"), NEEDS.values(), ids=NEEDS.keys())
def test_what_a_crash_would_lose_is_known_beforehand(journey: Callable[[], Journey], lost: set[str]) -> None:
    """So that the settings are refused, rather than something left open."""
    made = journey()
    step = made.step("request")
    assert step is not None
    assert unclosable(made, step, {"run", "password"}) == lost
    assert unclosable(made, made.steps[0], {"run", "password"}) == set()


def test_the_way_to_a_value_is_gone_in_order_and_opens_nothing() -> None:
    """Steps that open, wait, close or must be refused are never gone again."""
    way = way_to(JOURNEY, ["session", "grant", "request"], {"password", "run"})
    assert [step.id for step in way.steps] == ["sign_in"]
    assert way.missing == {"grant", "request"}
    assert way_to(JOURNEY, ["session"], {"session"}).steps == ()
    assert way_to(JOURNEY, ["session"], set()).missing == {"password"}
