"""What one answer is worth, and what is captured from it."""

from dataclasses import replace

import pytest
import re2

from platforms.errors import FaultKind
from platforms.journey.model import Answer, Capture, Ending, Expect, Failed, JsonValue, Step, Why
from platforms.journey.rules.judge import Unusable, captured, captured_if_there, holds, is_accepted, judge
from tests.support.journeys import REFUSED, REQUEST, SIGN_IN, USE, answer

CASES: dict[str, tuple[Step, Answer | Failed, Why | None]] = {
    "as expected": (USE, answer(200), None),
    "another status": (USE, answer(500), Why.STATUS),
    "a status that is expected, whichever": (replace(USE, expect=Expect((429,))), answer(429), None),
    "too many requests": (USE, answer(429), Why.RATE_LIMITED),
    "our secret refused, 401": (SIGN_IN, answer(401), Why.CREDENTIALS),
    "our secret refused, 403": (SIGN_IN, answer(403), Why.CREDENTIALS),
    "our secret refused as OAuth does": (SIGN_IN, answer(400, error="invalid_grant"), Why.CREDENTIALS),
    "a bad request that is not about the secret": (SIGN_IN, answer(400, error="invalid_request"), Why.STATUS),
    "an error that can't be compared": (SIGN_IN, answer(400, error=["invalid_grant"]), Why.STATUS),
    "a bad request without JSON": (SIGN_IN, Answer(400, (), b"no"), Why.STATUS),
    "a session that was just given refused": (USE, answer(401), Why.STATUS),
    "a request denied": (REQUEST, answer(403), Why.DENIED),
    "a session refused at the request": (REQUEST, answer(401), Why.STATUS),
    "forbidden after the grant": (USE, answer(403), Why.STATUS),
    "refused as it must be": (REFUSED, answer(409), None),
    "refused in another way": (REFUSED, answer(404), Why.STATUS),
    "let in": (REFUSED, answer(200), Why.NOT_REFUSED),
    "let in by another status": (REFUSED, answer(204), Why.NOT_REFUSED),
    "a broken refusal": (REFUSED, answer(500), Why.STATUS),
    "no answer": (USE, Failed(Why.FAULT, "lost", FaultKind.LOST), Why.FAULT),
}


@pytest.mark.parametrize(("step", "seen", "why"), CASES.values(), ids=CASES.keys())
def test_an_answer_is_worth_what_it_says(step: Step, seen: Answer | Failed, why: Why | None) -> None:
    """The first rule that speaks decides, and names the step."""
    ending = judge(step, seen)
    assert (ending.why if ending is not None else None) is why
    assert ending is None or ending.step == step.id


def test_a_fault_keeps_its_kind_and_words() -> None:
    """So that the outcome can say what was wrong."""
    ending = judge(USE, Failed(Why.FAULT, "the connection was refused", FaultKind.REFUSED))
    assert ending == Ending(Why.FAULT, "use", "the connection was refused", FaultKind.REFUSED)


def test_only_success_counts_as_let_in() -> None:
    """A redirect or an error is no access."""
    assert is_accepted(REFUSED, answer(201))
    assert not any(is_accepted(REFUSED, answer(status)) for status in (302, 403, 409, 500))
    assert not is_accepted(REFUSED, Failed(Why.FAULT, "lost"))


def _expecting(**values: JsonValue) -> Step:
    return replace(USE, expect=Expect(json=tuple(values.values())))


@pytest.mark.parametrize(
    ("wanted", "body", "detail"),
    [
        (JsonValue("id", ("id",), "a"), b'{"id": "b"}', "json id is not as expected"),
        (JsonValue("id", ("id",), "a"), b"{}", "json id is missing"),
        (JsonValue("id", ("id",), 1), b'{"id": "1"}', "json id is not as expected"),
        (JsonValue("id", ("id",), pattern=re2.compile("^use-")), b'{"id": "evil"}', "json id does not match"),
        (JsonValue("id", ("id",), pattern=re2.compile("1")), b'{"id": 1}', "json id does not match"),
        (JsonValue("id", ("id",), "a"), b"<html>", "the body is not JSON: it does not follow the grammar"),
        (JsonValue("id", ("id",), "a"), b'{"id": "a", "id": "a"}', "the body is not JSON: it holds a key twice"),
    ],
)
def test_json_that_is_not_as_expected_is_bad(wanted: JsonValue, body: bytes, detail: str) -> None:
    """The detail says where, and repeats nothing."""
    assert judge(_expecting(wanted=wanted), Answer(200, (), body)) == Ending(Why.JSON, "use", detail)


def test_json_that_is_as_expected_holds() -> None:
    """Values by type, patterns anywhere in text."""
    step = _expecting(one=JsonValue("n", ("n",), 1), two=JsonValue("id", ("id",), pattern=re2.compile("^use-")))
    assert judge(step, answer(200, n=1, id="use-7")) is None
    assert holds(step.expect.json, answer(200, n=1, id="use-7"))
    assert not holds((), answer(200))


CAPTURES = (Capture("id", json=("id",)), Capture("next", header="Location"), Capture("code"))


def test_values_come_from_json_headers_and_the_status() -> None:
    """Each with its own type; header names in any case."""
    seen = answer(201, headers=(("location", "/a"), ("location", "/b")), id=7)
    assert captured(CAPTURES, seen) == {"id": 7, "next": "/a", "code": 201}


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"id": []}',
        b'{"id": {}}',
        b"no",
        b'{"id": "\\ud800"}',
        b'{"id": 1e999}',
        b'{"id": "%s"}' % (b"x" * 17_000),
    ],
)
def test_a_value_that_is_none_is_bad(body: bytes) -> None:
    """Missing, structured, no Unicode, no number, or larger than any id or token is."""
    with pytest.raises(Unusable) as caught:
        captured(CAPTURES[:1], Answer(200, (), body))
    assert "xxx" not in str(caught.value)


def test_a_value_of_a_mebibyte_is_too_large() -> None:
    """It has a reason of its own."""
    with pytest.raises(Unusable) as caught:
        captured(CAPTURES[:1], answer(200, id="x" * 2**20))
    assert caught.value.fault is FaultKind.TOO_LARGE


def test_of_an_unexpected_answer_what_is_there_is_taken() -> None:
    """It may name what has to be closed."""
    assert captured_if_there(CAPTURES, answer(202, id="req-1")) == {"id": "req-1", "code": 202}
    assert captured_if_there(CAPTURES[:1], Answer(500, (), b"<html>")) == {}
