"""Whose word on a scenario counts: every rule, each refused by itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from drills.model.event import Approval
from drills.rules.approval import LONGEST, Asked, Unapproved, claims, judge
from glasswatch.flag import keys
from glasswatch.flag.jws import FLAG_TYP, ORDER_TYP
from glasswatch.flag.trust import KeyRole
from glasswatch.instants import unix_seconds
from tests.support.approvals import row, signed, trusting

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEY = keys.generate()
DEMO = keys.generate(is_demo=True)
ASKED = Asked("door", "a" * 64, "prod", "anna")
GOOD = claims(ASKED, "bea", NOW, timedelta(days=100))
TRUST = trusting(row(KEY))


def why(document: bytes, trust: Any = TRUST, asked: Asked = ASKED, now: datetime = NOW) -> str:
    """Return why it does not count; empty where it does."""
    found = judge(document, trust, asked, now)
    return found.why if isinstance(found, Unapproved) else ""


def test_a_second_persons_word_counts() -> None:
    """It says who, with which key, and when."""
    document = signed(GOOD, KEY)
    found = judge(document + b"\n", TRUST, ASKED, NOW)
    assert found == Approval("bea", KEY.kid, NOW, jws=document.decode())
    assert why(signed(GOOD, KEY) + b"\n") == ""


def test_it_is_what_the_design_says() -> None:
    """Other people's programs read it."""
    expected = {
        "v": 1,
        "act": "approve",
        "sub": "door",
        "iat": unix_seconds(NOW),
        "exp": unix_seconds(NOW) + 100 * 86400,
        "scenario_sha256": "a" * 64,
        "person": "bea",
    }
    assert expected == GOOD


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"v": 2}, "it is of version 2, expected 1"),
        ({"act": "open"}, "it says 'open', expected approve"),
        ({"act": "checkpoint"}, "it says 'checkpoint', expected approve"),
        ({"sub": "window"}, "it is of the scenario 'window'"),
        ({"scenario_sha256": "b" * 64}, "the scenario was changed after it was approved"),
        ({"scenario_sha256": "A" * 64}, "scenario_sha256 must be a SHA-256 in lower-case hex"),
        ({"person": "carl"}, "it names 'carl', and the key is that of 'bea'"),
        ({"person": ""}, "person must be a text"),
        ({"iat": unix_seconds(NOW) + 61}, "it was signed at 2026-03-01T03:01:01Z, but it is 2026-03-01T03:00:00Z here"),
        ({"exp": unix_seconds(NOW)}, "it claims to live for 0 s, at most 400 days are allowed"),
        (
            {"exp": unix_seconds(NOW) + int(LONGEST.total_seconds()) + 1},
            "it claims to live for 34560001 s, at most 400 days are allowed",
        ),
        ({"iat": "now"}, "iat must be an integer from 0 to 253402300799"),
        ({"exp": 1.5}, "a number is not an integer"),
    ],
)
def test_each_claim_must_be_right(change: dict[str, Any], expected: str) -> None:
    """One changed claim, and one reason."""
    assert why(signed({**GOOD, **change}, KEY)) == expected


@pytest.mark.parametrize("name", GOOD)
def test_each_claim_must_be_there(name: str) -> None:
    """A missing one is no yes."""
    assert why(signed({key: value for key, value in GOOD.items() if key != name}, KEY)) == f"{name} is missing"


@pytest.mark.parametrize(
    ("trust", "expected"),
    [
        (trusting(), "is not in the trust file"),
        (trusting(row(KEY, is_revoked=True)), "is revoked"),
        (trusting(row(KEY, nbf=unix_seconds(NOW) + 1)), "is valid only from 2026-03-01T03:00:01Z on"),
        (trusting(row(KEY, exp=unix_seconds(NOW))), "was valid only until 2026-03-01T03:00:00Z"),
        (trusting(row(KEY, role=KeyRole.FLAG)), "may sign as flag, not as evidence"),
        (trusting(row(KEY, role=KeyRole.ORDER)), "may sign as order, not as evidence"),
        (trusting(row(KEY, iss="staging")), "signs for 'staging', not for 'prod'"),
        (trusting(row(KEY, None)), "the trust file does not say whose the key"),
        (trusting(row(KEY, "\u200b")), "the trust file does not say whose the key"),
        (trusting(row(KEY, is_demo=True)), "was made by a demo and counts for nothing else"),
        (trusting(row(KEY, "carl")), "it names 'bea', and the key is that of 'carl'"),
    ],
)
def test_the_trust_file_must_say_so(trust: Any, expected: str) -> None:
    """Whose key it is, for what, where, and from when to when."""
    assert expected in why(signed(GOOD, KEY), trust)


@pytest.mark.parametrize("operator", ["bea", "Bea", "bea@example.com", "BEA+drills", "b\u200bea", " bea "])
def test_nobody_approves_what_they_run(operator: str) -> None:
    """However the name is written."""
    asked = Asked("door", "a" * 64, "prod", operator)
    assert why(signed(GOOD, KEY), asked=asked) == "'bea' runs the drill: expected the approval of somebody else"


def test_an_operator_nobody_can_see_is_no_second_person() -> None:
    """Nobody is not somebody else."""
    assert "nobody can be seen" in why(signed(GOOD, KEY), asked=Asked("door", "a" * 64, "prod", "\u200b"))
    assert why(signed(GOOD, KEY), asked=Asked("door", "a" * 64, "prod")) == ""


def test_it_ends_to_the_second() -> None:
    """And is good until then."""
    document, ends = signed(GOOD, KEY), NOW + timedelta(days=100)
    assert why(document, now=ends - SECOND) == ""
    assert why(document, now=ends) == "it ended at 2026-06-09T03:00:00Z"
    assert why(document, now=NOW - 60 * SECOND) == ""


def test_a_demos_key_counts_for_the_demo() -> None:
    """And nowhere else."""
    trust = trusting(row(DEMO, is_demo=True))
    assert why(signed(GOOD, DEMO), trust, Asked("door", "a" * 64, "demo", "anna")) == ""


@pytest.mark.parametrize(
    "document",
    [
        lambda: b"",
        lambda: b"not one",
        lambda: signed(GOOD, KEY, FLAG_TYP),
        lambda: signed(GOOD, KEY, ORDER_TYP),
        lambda: signed(GOOD, KEY)[:-8] + b"AAAAAAAA",
        lambda: signed(GOOD, KEY).replace(b".", b"..", 1),
        lambda: signed([], KEY),
        lambda: signed(GOOD, keys.generate()),
        lambda: b"A" * 20000,
    ],
)
def test_what_is_no_approval_of_ours_counts_for_nothing(document: Callable[[], bytes]) -> None:
    """Another type, another key, damaged, or anything else."""
    assert why(document())
