"""What a token endpoint's answer says, and how long a token serves."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.outcome import Reason
from monitor.rules.token_answer import Granted, NotGranted, judge_token

GOOD = {"access_token": "abc.def-123", "token_type": "Bearer", "expires_in": 3600}


def _said(**more: object) -> bytes:
    return json.dumps({**GOOD, **more}).encode()


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
@pytest.mark.parametrize(("expires_in", "seconds"), [(3600, 3600), ("3599", 3599), (0.5, 0.5), (1e30, 315360000)])
def test_a_token_is_taken(kind: str, expires_in: object, seconds: float) -> None:
    """As the standard has it, and with the spelling of providers in wide use."""
    assert judge_token(200, _said(token_type=kind, expires_in=expires_in)) == Granted("abc.def-123", seconds)


def test_a_token_without_an_end_lives_five_minutes() -> None:
    """`expires_in` is only recommended."""
    assert judge_token(200, b'{"access_token": "a", "token_type": "bearer"}') == Granted("a", 300)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"token"',
        b'{"access_token": "a", "access_token": "b", "token_type": "bearer"}',
        b'{"access_token": "a", "token_type": "bearer", "expires_in": NaN}',
        _said(access_token=None),
        _said(access_token=""),
        _said(access_token="a b"),
        _said(access_token="a\r\nX-Evil: 1"),
        _said(access_token="a" * 40_000),
        _said(token_type="mac"),
        _said(token_type=None),
        _said(expires_in=0),
        _said(expires_in=-1),
        _said(expires_in=True),
        _said(expires_in="soon"),
        _said(expires_in=None),
        _said(expires_in="9" * 5000),
    ],
)
def test_what_is_no_token_is_not_sent(body: bytes) -> None:
    """It could not be had; nobody's credential was refused, and no word of the answer is repeated."""
    answer = judge_token(200, body)
    assert isinstance(answer, NotGranted)
    assert answer.reason is Reason.SECRET_UNAVAILABLE
    assert "Evil" not in answer.words


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (400, "invalid_client", Reason.CREDENTIALS_REFUSED),
        (400, "invalid_grant", Reason.CREDENTIALS_REFUSED),
        (400, "unauthorized_client", Reason.CREDENTIALS_REFUSED),
        (400, "access_denied", Reason.CREDENTIALS_REFUSED),
        (401, "invalid_client", Reason.CREDENTIALS_REFUSED),
        (401, "s3cr3t", Reason.CREDENTIALS_REFUSED),
        (403, "", Reason.CREDENTIALS_REFUSED),
        (400, "invalid_scope", Reason.SECRET_UNAVAILABLE),
        (400, "invalid_request", Reason.SECRET_UNAVAILABLE),
        (400, "s3cr3t", Reason.SECRET_UNAVAILABLE),
        (404, "invalid_client", Reason.SECRET_UNAVAILABLE),
        (429, "invalid_client", Reason.RATE_LIMITED),
        (500, "invalid_client", Reason.SECRET_UNAVAILABLE),
        (503, "", Reason.SECRET_UNAVAILABLE),
        (302, "", Reason.SECRET_UNAVAILABLE),
    ],
)
def test_refusals(status: int, error: str, reason: Reason) -> None:
    """Only a refusal of the client is one; an error code is shown only where the standard has it."""
    answer = judge_token(status, json.dumps({"error": error}).encode())
    assert isinstance(answer, NotGranted)
    assert answer.reason is reason
    assert answer.words.startswith(f"status {status}")
    assert "s3cr3t" not in answer.words


@given(status=st.integers(100, 599), body=st.binary(max_size=200) | st.just(_said()))
def test_anything_is_judged(status: int, body: bytes) -> None:
    """No answer raises, only 200 grants, and what is not granted is never bad."""
    answer = judge_token(status, body)
    if isinstance(answer, Granted):
        assert status == 200
    else:
        assert answer.reason in {Reason.CREDENTIALS_REFUSED, Reason.RATE_LIMITED, Reason.SECRET_UNAVAILABLE}


@given(lives=st.floats(0.001, 1e8))
def test_a_token_is_due_before_it_ends(lives: float) -> None:
    """There is always a time at which it still serves and is renewed; at its end it never serves."""
    token = Granted("a", lives)
    assert token.serves(0)
    assert not token.is_due(0)
    assert token.serves(lives * 0.76)
    assert token.is_due(lives * 0.76)
    assert not token.serves(lives)


def test_a_token_does_not_show_itself() -> None:
    """Its repr may end in a log."""
    assert "s3cr3t" not in repr(Granted("s3cr3t", 1))
