"""The way out, step by step, without any network: what is sent, put on record and measured, and how it ends."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from platforms.errors import FaultKind
from platforms.journey.model import (
    TOTAL,
    Answer,
    Ask,
    Capture,
    Ending,
    Failed,
    Journey,
    JsonValue,
    Keep,
    Opening,
    OpenState,
    Pause,
    Planned,
    Step,
    Until,
    Why,
)
from platforms.journey.rules.course import Course, Run
from tests.support.clock import START
from tests.support.journeys import (
    GRANTED,
    JOURNEY,
    ORIGIN,
    REFUSED,
    REQUEST,
    RUN,
    SIGN_IN,
    USE,
    Played,
    answer,
    gone,
    good_answers,
    with_step,
)

STEPS = [step.id for step in JOURNEY.steps]
LOST = Failed(Why.FAULT, "the connection was reset", FaultKind.LOST)


def test_every_step_is_sent_in_order_with_what_was_captured() -> None:
    """The whole way of an engineer; nothing is left open."""
    ending, course, played = gone()
    assert ending == Ending(Why.OK)
    assert played.steps == STEPS
    assert [planned.target for planned in played.sent][2:] == [
        "/requests/req-1",
        *("/grants/grant-1/use", "/grants/grant-1/revoke", "/grants/grant-1/use"),
    ]
    assert played.sent[0].body == b'{"secret": "hunter2"}'
    assert played.sent[1].headers["Authorization"] == "Bearer s-1"
    assert [opening.state for opening in course.openings] == [OpenState.CLOSED]
    assert played.book == {}


def test_each_step_has_its_time_and_the_way_its_own() -> None:
    """Steps that share a span add up; pauses belong to the step that waits."""
    answers = good_answers()
    states = iter(["pending", "approved", "granted"])
    answers["granted"] = lambda: answer(200, state=next(states), grant="grant-1")
    played = Played(answers)
    course = Course(JOURNEY, Run(RUN, START, {"password": "p"}))
    assert played.drive(course.go(played.at)).why is Why.OK
    assert course.spans == {"sign_in": 1, "request": 1, "grant": 5, "use": 1, "revoke": 2, TOTAL: 10}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("what", "why"),
    [
        (answer(500), Why.STATUS),
        (answer(429), Why.RATE_LIMITED),
        (LOST, Why.FAULT),
        (Failed(Why.BUDGET, "spent"), Why.BUDGET),
    ],
)
def test_the_first_step_that_does_not_hold_ends_the_way(step: str, what: Answer | Failed, why: Why) -> None:
    """Nothing after it is sent; the ending names it."""
    ending, course, played = gone(JOURNEY, **{step: what})
    assert (ending.why, ending.step) == (why, step)
    assert played.steps == STEPS[: STEPS.index(step) + 1]
    assert TOTAL not in course.spans


def test_an_opening_is_on_record_before_its_request_is_sent() -> None:
    """Killed between any two orders, the record knows of it."""
    _, _, played = gone()
    order = next(
        place for place, each in enumerate(played.orders) if isinstance(each, Planned) and each.step == "request"
    )
    assert played.orders[order - 1] == Keep(Opening(RUN, "request", START + timedelta(seconds=1)))


def test_what_may_be_kept_is_on_record_as_soon_as_it_is_captured() -> None:
    """The request's id before the next request, the grant's as well; never the session."""
    _, _, played = gone()
    kept = [each.opening for each in played.orders if isinstance(each, Keep)]
    assert [opening.state.value for opening in kept] == ["intended", "open", "open", "closed"]
    assert [dict(opening.kept) for opening in kept[1:3]] == [
        {"request": '"req-1"'},
        {"request": '"req-1"', "grant": '"grant-1"'},
    ]
    assert "s-1" not in json.dumps([dict(opening.kept) for opening in kept])
    second = next(
        place for place, each in enumerate(played.orders) if isinstance(each, Planned) and each.step == "granted"
    )
    assert isinstance(played.orders[second - 1], Keep)


def test_without_a_record_nothing_is_opened() -> None:
    """The opening request is not sent; the ending says why."""
    played = Played(good_answers(), writes=lambda _opening: Failed(Why.RECORD, "the store is full"))
    course = Course(JOURNEY, Run(RUN, START, {"password": "p"}))
    ending = played.drive(course.go(played.at))
    assert ending == Ending(Why.RECORD, "request", "the store is full")
    assert played.steps == ["sign_in"]
    assert course.openings == []
    assert course.unsent == Opening(RUN, "request", START + timedelta(seconds=1))


def test_a_record_lost_on_the_way_ends_it_and_the_opening_is_known() -> None:
    """What can't be put on record any more must be closed at once."""
    played = Played(
        good_answers(),
        writes=lambda opening: Failed(Why.RECORD, "full") if opening.state is OpenState.OPEN else None,
    )
    course = Course(JOURNEY, Run(RUN, START, {"password": "p"}))
    assert played.drive(course.go(played.at)).why is Why.RECORD
    assert played.steps == ["sign_in", "request"]
    assert [opening.state for opening in course.openings] == [OpenState.OPEN]
    assert course.values["request"] == "req-1"


def test_a_run_that_may_open_nothing_goes_as_far_as_it_can() -> None:
    """Signing in is measured all the same."""
    blocked = Ending(Why.STATUS, "undo of request", "status 503")
    played = Played(good_answers())
    course = Course(JOURNEY, Run(RUN, START, {"password": "p"}, blocked))
    assert played.drive(course.go(played.at)) == blocked
    assert played.steps == ["sign_in"]
    assert played.book == {}


@pytest.mark.parametrize(
    "what",
    [
        *(answer(status) for status in (400, 401, 403, 404, 409, 422, 429)),
        *(Failed(Why.FAULT, "x", kind) for kind in (FaultKind.REFUSED, FaultKind.RESOLVE, FaultKind.UNREACHABLE)),
        Failed(Why.BUDGET, "x"),
    ],
    ids=str,
)
def test_a_request_that_was_refused_or_never_left_opened_nothing(what: Answer | Failed) -> None:
    """There is nothing to close, and nothing on record."""
    _, course, played = gone(request=what)
    assert [opening.state for opening in course.openings] == [OpenState.CLOSED]
    assert played.book == {}


@pytest.mark.parametrize(
    "what",
    [
        *(answer(status) for status in (500, 503, 408, 302, 200)),
        *(
            Failed(Why.FAULT, "x", kind)
            for kind in (FaultKind.LOST, FaultKind.PROTOCOL, FaultKind.TLS, FaultKind.TOO_LARGE)
        ),
        Answer(201, (), b"<html>"),
    ],
    ids=str,
)
def test_after_any_other_answer_something_may_be_open(what: Answer | Failed) -> None:
    """It stays on record until it is closed or known not to be there."""
    ending, course, played = gone(request=what)
    assert ending.why is not Why.OK
    assert [opening.state is OpenState.CLOSED for opening in course.openings] == [False]
    assert list(played.book) == [(RUN, "request")]


def test_an_id_in_an_answer_that_was_not_expected_is_kept_for_closing() -> None:
    """202 where 201 was expected: what it names is open."""
    _, course, played = gone(request=answer(202, id="req-9"))
    assert played.book[RUN, "request"].state is OpenState.OPEN
    assert course.values["request"] == "req-9"


def test_waiting_ends_with_what_is_waited_for_and_never_beyond_its_bounds() -> None:
    """By time and by number."""
    ending, _, played = gone(granted=answer(200, state="pending"))
    assert ending.why is Why.NEVER
    assert played.steps.count("granted") == 31  # 1 s a request and 1 s a pause, within 60 s
    until = replace(GRANTED.until or Until(), tries=3)
    ending, _, played = gone(with_step(replace(GRANTED, until=until)), granted=answer(200, state="pending"))
    assert (ending.why, played.steps.count("granted")) == (Why.NEVER, 3)
    assert ending.detail == "what is waited for did not come within 60 s and 3 tries"


def test_waiting_ends_at_once_when_the_platform_says_no() -> None:
    """A denial is not waited for longer, and is told as one."""
    ending, course, played = gone(granted=answer(200, state="denied"))
    assert (ending.why, played.steps.count("granted")) == (Why.DENIED, 1)
    assert [opening.state for opening in course.openings] == [OpenState.OPEN]


def test_a_grant_that_names_nothing_is_no_grant() -> None:
    """Granted, but what is to be captured is missing."""
    ending, _, _ = gone(granted=answer(200, state="granted"))
    assert (ending.why, ending.step, ending.detail) == (Why.JSON, "granted", "grant is not in the answer")


def test_access_after_revocation_is_bad_and_open_again() -> None:
    """Whatever the platform said of revoking."""
    ending, course, played = gone(use_refused=answer(200))
    assert (ending.why, ending.step) == (Why.NOT_REFUSED, "use_refused")
    opening = played.book[RUN, "request"]
    assert (opening.state, opening.disproved_by) == (OpenState.OPEN, "use_refused")
    assert course.openings == [opening]


def test_a_refusal_may_be_waited_for_and_counts_as_revoking() -> None:
    """Revocation is complete when use is refused; how long that takes is measured."""
    journey = with_step(replace(REFUSED, until=Until(within=timedelta(seconds=10))))
    answers = good_answers()
    seen = iter([200, 200, 409])
    answers["use_refused"] = lambda: answer(next(seen))
    played = Played(answers)
    course = Course(journey, Run(RUN, START, {"password": "p"}))
    assert played.drive(course.go(played.at)).why is Why.OK
    assert course.spans["revoke"] == 1 + 5
    assert [order.seconds for order in played.orders if isinstance(order, Pause)] == [1, 1]
    ending, _, played = gone(journey, use_refused=answer(200))
    assert ending.why is Why.NOT_REFUSED
    assert played.steps.count("use_refused") == 6


def test_a_refusal_before_anything_was_opened_opens_nothing() -> None:
    """A negative check first: let in, it is bad, and there is nothing to close."""
    early = Step("early", Ask("POST", "/use"), REFUSED.expect, is_refused=True, span="early")
    journey = replace(JOURNEY, steps=(SIGN_IN, early, *JOURNEY.steps[1:]))
    ending, course, _ = gone(journey, early=answer(200))
    assert ending.why is Why.NOT_REFUSED
    assert course.openings == []


@pytest.mark.parametrize(
    ("session", "kind"),
    [("a\r\nX-Evil: 1", FaultKind.PROTOCOL), ("x" * 2**20, FaultKind.TOO_LARGE), ("ünï", FaultKind.PROTOCOL)],
)
def test_a_hostile_session_is_never_sent(session: str, kind: FaultKind) -> None:
    """It ends the way where it would be used; no detail repeats it."""
    ending, _, played = gone(sign_in=answer(201, session=session))
    assert (ending.why, ending.fault) == (Why.FAULT, kind)
    assert played.steps == ["sign_in"]
    assert played.book == {}
    assert session not in ending.detail


def test_a_link_that_the_server_hands_us_stays_at_home() -> None:
    """A Location may be followed as a step of its own; one that leads elsewhere ends the way as a redirect."""
    first = replace(USE, id="ask", ask=Ask("POST", "/ask"), capture=(Capture("poll", header="location"),))
    second = Step("poll", Ask(link="poll"), span="poll")
    journey = Journey(ORIGIN, (first, second))
    ending, _, played = gone(journey, ask=answer(200, (("location", "/poll/1?x=2"),)), poll=answer(200))
    assert (ending.why, played.sent[-1].target) == (Why.OK, "/poll/1?x=2")
    ending, _, played = gone(journey, ask=answer(200, (("location", "https://evil.example.com/"),)), poll=answer(200))
    assert (ending.why, ending.step, ending.fault) == (Why.FAULT, "poll", FaultKind.REDIRECT)
    assert played.steps == ["ask"]


def test_two_openings_are_kept_apart_and_both_know_what_was_kept_since() -> None:
    """Each by its step; the record of both has what closing may need."""
    second = replace(
        REQUEST, id="second", capture=(Capture("other", json=("id",), keep=True),), span="second", undo=REQUEST.undo
    )
    journey = replace(JOURNEY, steps=(SIGN_IN, REQUEST, second, USE))
    answers = {"second": answer(201, id="req-2"), "use": answer(500)}
    _, course, played = gone(replace(journey, steps=(*journey.steps[:3], Step("use", Ask(), span="use"))), **answers)
    assert [(opening.step, opening.place) for opening in course.openings] == [("request", 0), ("second", 1)]
    assert {key: dict(each.kept) for key, each in played.book.items()} == {
        (RUN, "request"): {"request": '"req-1"', "other": '"req-2"'},
        (RUN, "second"): {"request": '"req-1"', "other": '"req-2"'},
    }


def test_every_part_of_what_is_waited_for_must_hold() -> None:
    """Two places, one of which is not there yet."""
    until = Until(json=(JsonValue("state", ("state",), "granted"), JsonValue("ready", ("ready",), value=True)), tries=1)
    ending, _, _ = gone(with_step(replace(GRANTED, until=until)))
    assert ending.why is Why.NEVER
