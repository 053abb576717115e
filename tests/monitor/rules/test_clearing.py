"""No secret is in any place of an explanation, however it came there."""

import json
from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.redaction.redact import HIDDEN, WITHHELD, Redactor
from monitor.model.explanation import KEPT, Check, Exchange, Explanation, Message, Room
from monitor.rules.clearing import cleared
from tests.support.explaining import core, notations
from tests.support.filling import filled

SECRET = 'Sw0rd/f+ish é"&<x>'
REDACTOR = Redactor([SECRET])


def _texts(thing: Any) -> list[str]:
    if isinstance(thing, str):
        return [thing]
    if isinstance(thing, tuple):
        return [text for each in thing for text in _texts(each)]
    if hasattr(thing, "__dataclass_fields__"):
        return [text for each in fields(thing) for text in _texts(getattr(thing, each.name))]
    return []


@given(st.sampled_from(sorted(notations(SECRET))), st.text("ab =:;\n", max_size=150), st.booleans())
def test_a_secret_is_shown_in_no_place(notation: str, around: str, is_kept: bool) -> None:  # noqa: FBT001 - drawn
    """In whatever notation, whatever stands around it: every text that an explanation has room for is filled."""
    written = notations(SECRET)[notation]
    full = filled(Explanation, f"{around}{written}{around}")
    assert len(_texts(full)) >= 18
    shown = cleared(full, REDACTOR, KEPT if is_kept else Room())
    assert len(_texts(shown)) == len(_texts(full))
    for text in _texts(shown):
        assert core(notation, written) not in text
        assert SECRET not in text


def test_everything_else_stays() -> None:
    """What is no secret is there as it was."""
    full = filled(Explanation, "portal.example:443")
    assert cleared(full, REDACTOR, Room()) == full


def test_a_secret_too_short_to_be_found_leaves_no_text() -> None:
    """Not in any place either; but our own words stay: the rules, what they expect, and what we say was found."""
    full = filled(Explanation, "anything")
    shown = cleared(replace(full, checks=()), Redactor(["abc"]), Room())
    assert set(_texts(shown)) == {WITHHELD}
    checks = (Check("header x", "a", "said", holds=False), Check("status", "200", "503", holds=False, is_ours=True))
    shown = cleared(Explanation(checks), Redactor(["abc"]), Room())
    assert shown.checks == (replace(checks[0], found=WITHHELD), checks[1])


@pytest.mark.parametrize(
    "lines",
    [
        (("X-Said", "a"), ("X-Said", SECRET[:8]), ("X-Said", SECRET[8:])),
        (("X-Said", SECRET[:3]), ("X-Other", "b"), ("x-said", SECRET[3:9]), ("X-More", "c"), ("X-SAID", SECRET[9:])),
        (("X-Said", SECRET[:8]), ("X-More", SECRET[8:])),
        (("X-Said", SECRET[:8]), (SECRET[8:], "")),
    ],
    ids=["one name", "one name, with others between", "two names", "a folded line"],
)
def test_a_secret_in_pieces_is_shown_in_none(lines: tuple[tuple[str, str], ...]) -> None:
    """Whoever cuts it up into several lines of a head; what stands beside it is shown."""
    message = Message("", (*lines, ("X-Fine", "there")))
    shown = cleared(Explanation(exchanges=(Exchange("", "", "", None, message),)), REDACTOR, Room())
    assert shown.exchanges[0].sent is not None
    fields = shown.exchanges[0].sent.fields
    pieces = [SECRET[at : at + 3] for at in range(0, len(SECRET), 3)]
    assert not [piece for piece in pieces if any(piece in text for field in fields for text in field)]
    assert fields[-1] == ("X-Fine", "there")
    assert [value for _, value in fields if value in "abc" and value] == [
        value for _, value in lines if value in "abc" and value
    ]


def test_a_value_under_a_telling_name_is_hidden() -> None:
    """A header's and a check's; what we say of our own secrets stays."""
    message = Message("", (("X-Session", "s3ssion"), ("X-Other", "there")))
    ours = Check("our secrets", "a", "none", holds=False, is_ours=True)
    checks = (Check("json access_token", "a", "gr4nted", holds=False), ours)
    shown = cleared(Explanation(checks, (Exchange("", "", "", None, message),)), REDACTOR, Room())
    assert shown.exchanges[0].sent is not None
    assert shown.exchanges[0].sent.fields == (("X-Session", HIDDEN), ("X-Other", "there"))
    assert [check.found for check in shown.checks] == [HIDDEN, "none"]


def test_what_nobody_knows_is_not_let_through() -> None:
    """A place that somebody makes to hold something else is a fault."""
    with pytest.raises(TypeError, match="bytes"):
        cleared(Explanation(exchanges=(Exchange(SECRET.encode(), "", ""),)), REDACTOR, Room())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="dict"):
        cleared(Explanation(({"a": SECRET},)), REDACTOR, Room())  # type: ignore[arg-type]


def test_each_text_is_within_its_room() -> None:
    """Whoever wrote it; and a body that was cut before shows no half of a secret at its end."""
    shown = cleared(filled(Explanation, "x" * 5000), REDACTOR, KEPT)
    assert max(len(text) for text in _texts(shown)) == KEPT.body + 1
    half = Message(body="=" * 300 + SECRET[:9], is_cut=True)
    (exchange,) = cleared(Explanation(exchanges=(Exchange("", "", "", None, half),)), REDACTOR, Room()).exchanges
    assert exchange.sent is not None
    assert "Sw0" not in json.dumps(asdict(exchange), default=str)
