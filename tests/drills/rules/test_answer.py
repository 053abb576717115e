"""What an answer is worth: an access that is wanted, and one that must be refused."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.model.step import Status
from drills.rules.answer import Expected, JsonExpected, access, refusal, scalar
from glasswatch.patterns import compiled


@dataclass(frozen=True)
class _Answer:
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


REFUSED = Expected(status=(401, 403))


@pytest.mark.parametrize(
    ("expected", "answer", "status"),
    [
        (Expected(), _Answer(), Status.PASSED),
        (Expected(), _Answer(403), Status.FAILED),
        (Expected(), _Answer(503), Status.FAILED),
        (Expected(), _Answer(429), Status.NOT_MEASURED),
        (Expected(status=(429,)), _Answer(429), Status.PASSED),
        (Expected(headers={"x": compiled("a")}), _Answer(), Status.FAILED),
        (Expected(headers={"x": compiled("a")}), _Answer(headers=(("x", "b"), ("x", "ab"))), Status.PASSED),
        (Expected(body_matches=compiled("ok")), _Answer(body=b"not"), Status.FAILED),
        (Expected(body_not_matches=compiled("bad")), _Answer(body=b"bad"), Status.FAILED),
        (Expected(json=[JsonExpected("a", ("a",), "1", '"1"')]), _Answer(body=b'{"a": 1}'), Status.FAILED),
        (Expected(json=[JsonExpected("a", ("a",), 1, "1")]), _Answer(body=b'{"a": 1}'), Status.PASSED),
        (Expected(json=[JsonExpected("b", ("b",), 1, "1")]), _Answer(body=b'{"a": 1}'), Status.FAILED),
        (Expected(json=[JsonExpected("a", ("a",), 1, "1")]), _Answer(body=b"<html>"), Status.FAILED),
    ],
)
def test_access(expected: Expected, answer: _Answer, status: Status) -> None:
    """All that is expected must hold; being asked to wait says nothing."""
    assert access(expected, answer)[0] is status


@pytest.mark.parametrize(
    ("expected", "answer", "status"),
    [
        (REFUSED, _Answer(401), Status.PASSED),
        (REFUSED, _Answer(403), Status.PASSED),
        (REFUSED, _Answer(200), Status.FAILED),
        (REFUSED, _Answer(204), Status.FAILED),
        (REFUSED, _Answer(302), Status.NOT_MEASURED),
        (REFUSED, _Answer(404), Status.NOT_MEASURED),
        (REFUSED, _Answer(429), Status.NOT_MEASURED),
        (REFUSED, _Answer(500), Status.NOT_MEASURED),
        (REFUSED, _Answer(503), Status.NOT_MEASURED),
        (Expected(status=(404,)), _Answer(404), Status.PASSED),
        (Expected(status=(404,)), _Answer(403), Status.NOT_MEASURED),
        (Expected(status=(403,), body_matches=compiled("denied by target")), _Answer(403), Status.NOT_MEASURED),
        (Expected(status=(200,), body_matches=compiled("denied")), _Answer(200, body=b"denied"), Status.PASSED),
        (Expected(status=(200,), body_matches=compiled("denied")), _Answer(200, body=b"welcome"), Status.FAILED),
    ],
)
def test_refusal(expected: Expected, answer: _Answer, status: Status) -> None:
    """A refusal is one that says so; being let in fails; whatever else is neither."""
    assert refusal(expected, answer)[0] is status


@given(status=st.integers(100, 599), body=st.binary(max_size=20))
def test_no_server_error_is_ever_a_refusal_and_no_success_is_one_unless_stated(status: int, body: bytes) -> None:
    """Whoever is broken has refused nothing."""
    found = refusal(REFUSED, _Answer(status, body=body))[0]
    assert (found is Status.PASSED) == (status in (401, 403))
    assert (found is Status.FAILED) == (200 <= status < 300)


def test_a_detail_repeats_nothing_of_the_answer() -> None:
    """A body and headers may hold anything."""
    answer = _Answer(200, (("x", "planted"),), b'{"a": "planted"}')
    for expected in (
        Expected(headers={"x": compiled("^b")}),
        Expected(body_matches=compiled("zzz")),
        Expected(json=[JsonExpected("a", ("a",), "planted too", '"${value}"')]),
    ):
        assert "planted" not in access(expected, answer)[1]
        assert "planted" not in refusal(expected, answer)[1]


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (1, "1"), (1.5, "1.5"), (True, "true"), (None, None), ([], None), ({}, None)]
)
def test_single_values_are_text(value: object, text: str | None) -> None:
    """Numbers and booleans as JSON writes them."""
    assert scalar(value) == text
