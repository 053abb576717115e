"""Who may do what: every scope, every kind of holder, every limit."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.caller import HEARTBEAT, SCOPES, Caller, Token
from monitor.rules.authority import ALL_PLATFORMS, may, recognised
from tests.support.clock import START

ANNA = Caller("anna-cli", "anna", None, frozenset(SCOPES), None)
PIPELINE = Caller("pipeline", None, "pipeline", frozenset(SCOPES), None)
EVERY = (*SCOPES, f"{HEARTBEAT}backup")


def _digest(presented: str) -> bytes:
    return hashlib.sha256(presented.encode()).digest()


def _token(presented: str, name: str, expires_at: datetime = START + timedelta(days=1)) -> Token:
    return Token(replace(ANNA, token=name), _digest(presented), expires_at)


@pytest.mark.parametrize("scope", EVERY)
def test_only_the_scope_itself_is_enough(scope: str) -> None:
    """None includes another, and a wildcard is just a word."""
    others = frozenset({*EVERY, "*", "flag:*", "heartbeat:*", ""} - {scope})
    assert may(replace(ANNA, scopes=frozenset({scope})), scope, None) is None
    denial = may(replace(ANNA, scopes=others), scope, None)
    assert denial is not None
    assert denial.code == "forbidden"


@pytest.mark.parametrize("scope", EVERY)
def test_the_flag_needs_a_person(scope: str) -> None:
    """A machine may do anything else that its token says."""
    caller = replace(PIPELINE, scopes=frozenset(EVERY))
    denial = may(caller, scope, None)
    assert (denial is not None) is scope.startswith("flag:")
    assert denial is None or denial.message == f"{scope} needs a person's token; this one is a machine's"


@pytest.mark.parametrize(
    ("platforms", "asked", "is_allowed"),
    [
        (None, "payments", True),
        (None, ALL_PLATFORMS, True),
        (None, None, True),
        ({"payments"}, "payments", True),
        ({"payments"}, "ledger", False),
        ({"payments"}, ALL_PLATFORMS, False),
        ({"payments"}, None, True),
        (set(), "payments", False),
    ],
)
def test_a_limited_token_touches_its_platforms_only(
    platforms: set[str] | None, asked: str | None, *, is_allowed: bool
) -> None:
    """Neither another, nor what concerns all of them; what names none is not limited."""
    caller = replace(ANNA, platforms=None if platforms is None else frozenset(platforms))
    assert (may(caller, "flag:raise", asked) is None) is is_allowed


def test_a_heartbeats_name_is_not_repeated() -> None:
    """It stood in the request."""
    denial = may(replace(ANNA, scopes=frozenset()), "heartbeat:<script>", None)
    assert denial is not None
    assert "script" not in denial.message


def test_each_token_stands_for_its_own_holder() -> None:
    """Whatever their order."""
    tokens = [_token(f"secret {number}", f"token-{number}") for number in range(5)]
    for number in range(5):
        found = recognised(tokens, _digest(f"secret {number}"), START)
        assert found is not None
        assert found.token == f"token-{number}"


@pytest.mark.parametrize(("seconds", "is_valid"), [(-1, True), (0, False), (1, False)])
def test_a_token_ends_at_its_end(seconds: float, *, is_valid: bool) -> None:
    """From that instant on it is nobody's."""
    ends = START + timedelta(days=1)
    found = recognised([_token("secret", "anna", ends)], _digest("secret"), ends + timedelta(seconds=seconds))
    assert (found is not None) is is_valid


@given(st.binary(max_size=64))
def test_nothing_else_is_recognised(digest: bytes) -> None:
    """Neither a part of a digest nor any other bytes."""
    tokens = [_token("secret", "anna"), _token("another", "ben")]
    known = {token.sha256 for token in tokens}
    assert (recognised(tokens, digest, START) is not None) is (digest in known)


@pytest.mark.parametrize("presented", ["secret 0", "secret 4", "nothing"])
def test_every_token_is_looked_at_every_time(presented: str) -> None:
    """Also after the right one was found, and the expired ones: how long it takes tells nothing."""
    looked_at: list[str] = []

    def tokens() -> Iterator[Token]:
        for number in range(5):
            token = _token(f"secret {number}", f"token-{number}", START + timedelta(days=number - 2))
            looked_at.append(token.caller.token)
            yield token

    recognised(tokens(), _digest(presented), START)
    assert looked_at == [f"token-{number}" for number in range(5)]


def test_without_tokens_nobody_is_recognised() -> None:
    """As long as the settings hold none."""
    assert recognised([], _digest(""), START) is None
