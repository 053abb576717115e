"""No secret is written, whichever field it comes in, and what must stay exact stays exact."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drills.journal.hiding import MOST_CAPTURED, MOST_OUTPUT, MOST_TEXT, Hiding
from drills.model.event import Began, Checkpoint, Ended, Event, Interrupted, NotTold, Receipted
from drills.model.found import Output
from drills.model.step import Status
from glasswatch.redaction.redact import HIDDEN, WITHHELD
from tests.support.drilling import EVENTS, opened, step
from tests.support.explaining import core, notations

SECRET = 'Sw0rd/f+ish é"&<x>'
HIDING = Hiding([SECRET])


@pytest.mark.parametrize("notation", notations(SECRET))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(event=EVENTS)
def test_no_field_of_any_event_passes_a_secret(notation: str, event: Event) -> None:
    """In any notation: it is cleared, or, where an exact id must stand, refused."""
    written = notations(SECRET)[notation]
    planted = _planted(event, written)
    try:
        cleared = HIDING.event(planted)
    except ValueError:
        return
    assert core(notation, written) not in str(cleared)


def _planted(thing: Any, text: str) -> Any:
    """Return the same with a text in every text's place."""
    if type(thing) is str:
        return f"a {text} b"
    if isinstance(thing, tuple):
        return tuple(_planted(each, text) for each in thing)
    if isinstance(thing, dict):
        return {f"name_{at}": _planted(each, text) for at, each in enumerate(thing.values())}
    if is_dataclass(thing) and not isinstance(thing, type):
        changed = {each.name: _planted(getattr(thing, each.name), text) for each in fields(thing)}
        ids = {name: "an-id" for name, value in changed.items() if name in _IDS and isinstance(value, str)}
        lists = {name: ("an-id",) for name, value in changed.items() if name in _IDS and isinstance(value, tuple)}
        return replace(thing, **{**changed, **ids, **lists})
    return thing


_NAMES = """
scenario platform deployment scenario_sha256 version cadence salt id action evidences needs kid x gate by hash step
secrets file sha256 file_sha256 verdict
"""
_IDS = frozenset(_NAMES.split())


@pytest.mark.parametrize(
    "event",
    [
        Began(SECRET),
        Began("a b"),
        Began('"'),
        NotTold(SECRET, ""),
        Ended("login", Status.PASSED, "", captured={SECRET: "x"}),
        opened(parameters={SECRET: "x"}),
        opened(salt="not hex at all, but a sentence"),
    ],
)
def test_an_id_that_is_none_is_not_written(event: Event) -> None:
    """Whoever made it has to see that."""
    with pytest.raises(ValueError, match="is not of the form"):
        HIDING.event(event)


def test_what_must_be_exact_stays_so() -> None:
    """Ids, hashes and signed words: also where they look like a credential to others."""
    jws = "eyJhbGciOiJFZERTQSJ9.eyJ2IjoxfQ.c2lnbmF0dXJl"
    for event in (
        Checkpoint(jws),
        Receipted("monitor", 3, "a" * 64, jws),
        Began("session-token"),
        opened([step("secret-key", needs=("token",))]),
        Interrupted("SIGTERM"),
    ):
        assert HIDING.event(event) == event


def test_a_receipt_that_holds_a_secret_is_not_written() -> None:
    """It would be worth nothing without it, and a witness prints what it likes."""
    inside = notations(SECRET)["base64 for addresses"]
    assert HIDING.event(Receipted("witness", 3, "a" * 64, f"e30.{inside}.c2ln")) == Receipted(
        "witness", 3, "a" * 64, HIDDEN
    )
    assert HIDING.event(Receipted("witness", 3, "", f"kept: {SECRET}")) == Receipted(
        "witness", 3, "", f"kept: {HIDDEN}"
    )


CAPTURED = {
    "plain": "req-17",
    "secret": SECRET,
    "inside": f"x{SECRET}y",
    "like_one": "Bearer abcdefghijkl",
    "long": "x" * (MOST_TEXT + 1),
    "half": "\ud800",
}


def test_a_captured_value_stands_there_whole_or_is_only_named() -> None:
    """An undo is never given half of one."""
    event = HIDING.event(Ended("login", Status.PASSED, "", captured=CAPTURED, secrets=("token",)))
    assert isinstance(event, Ended)
    assert event.captured == {"plain": "req-17"}
    assert set(event.secrets) == {"token", *CAPTURED} - {"plain"}


def test_captured_values_have_a_bound_together() -> None:
    """A journal's line has one."""
    many = {f"v{at}": "x" * MOST_TEXT for at in range(MOST_CAPTURED // MOST_TEXT + 3)}
    event = HIDING.event(Ended("login", Status.PASSED, "", captured=many))
    assert isinstance(event, Ended)
    assert sum(map(len, event.captured.values())) == MOST_CAPTURED
    assert set(event.captured) | set(event.secrets) == set(many)


def test_a_secret_too_short_to_find_hides_what_came_from_outside() -> None:
    """The scenario's own words stay, cleared of the secrets that can be found."""
    short = HIDING.with_secret("abc")
    ended = short.event(Ended("login", Status.PASSED, "HTTP 200", captured={"id": "x"}))
    assert ended == Ended("login", Status.PASSED, WITHHELD, secrets=("id",))
    told = short.event(opened(title=f"Quarterly {SECRET}"))
    assert told == opened(title=f"Quarterly {HIDDEN}")
    assert short.event(Interrupted("SIGTERM", "")) == Interrupted("SIGTERM", "")


def test_an_empty_secret_hides_nothing() -> None:
    """Every text holds it."""
    assert HIDING.with_secret("") is HIDING


@pytest.mark.parametrize("notation", notations(SECRET))
def test_an_output_is_cleared(notation: str) -> None:
    """Name and content, in any notation, beside bytes that are no text."""
    written = notations(SECRET)[notation]
    kept = HIDING.output(Output(f"answer {written}.txt", f"\x00 a {written} b ".encode() + b"\xff\xfe"), MOST_OUTPUT)
    assert core(notation, written).encode() not in kept.content
    assert HIDDEN.encode() in kept.content
    assert kept.content.endswith(b" b \xff\xfe")
    assert core(notation, written) not in kept.name


FLAG = b"eyJhbGciOiJFZERTQSJ9.eyJzdGF0ZSI6InJlYWR5In0.c2lnbmF0dXJl"


def test_what_is_public_is_kept_as_it_is() -> None:
    """A signed flag looks like a token, and is none. Without its signature nobody could check it."""
    assert HIDING.output(Output("flag.jws", FLAG, is_public=True), MOST_OUTPUT).content == FLAG
    assert HIDDEN.encode() in HIDING.output(Output("flag.jws", FLAG), MOST_OUTPUT).content


@pytest.mark.parametrize("notation", notations(SECRET))
def test_a_secret_in_what_is_public_is_hidden(notation: str) -> None:
    """Then what else looks like a credential is too."""
    written = notations(SECRET)[notation]
    kept = HIDING.output(Output("flag.jws", FLAG + b" " + written.encode(), is_public=True), MOST_OUTPUT).content
    assert core(notation, written).encode() not in kept
    assert FLAG not in kept


def test_what_is_public_keeps_to_the_other_bounds() -> None:
    """A secret too short to be found may stand in it; and no output is longer than it may be."""
    assert FLAG not in HIDING.with_secret("ab").output(Output("x", FLAG, is_public=True), MOST_OUTPUT).content
    assert len(HIDING.output(Output("x", FLAG * 10, is_public=True), 300).content) <= 300


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60), st.binary(max_size=300))
def test_an_output_s_name_is_a_file_s_name_anywhere(name: str, content: bytes) -> None:
    """And content without secrets stays what it was, byte by byte."""
    kept = Hiding(["no such secret"]).output(Output(name, content), MOST_OUTPUT)
    assert kept.name.isascii()
    assert "/" not in kept.name
    assert not kept.name.startswith(".")
    assert 0 < len(kept.name) <= 100
    if b"=" not in content and b":" not in content:
        assert kept.content == content


@pytest.mark.parametrize("room", [MOST_OUTPUT, 1000, 0, -5])
def test_a_long_output_is_cut_and_says_so(room: int) -> None:
    """Within its room; no secret's beginning stands at the cut."""
    raw = b"x" * (MOST_OUTPUT - 5) + SECRET.encode() + b"y" * 100
    kept = HIDING.output(Output("answer", raw), room).content
    assert len(kept) <= max(room, 200)
    assert kept.endswith(b"have their bounds]\n")
    assert f"of {len(raw)} bytes".encode() in kept
    assert SECRET[:4].encode() not in kept


def test_texts_are_cut() -> None:
    """A line of a journal has a bound."""
    event = HIDING.event(Ended("login", Status.PASSED, "x" * (MOST_TEXT + 9) + "\ud800"))
    assert isinstance(event, Ended)
    assert event.detail == "x" * MOST_TEXT + "…"
    assert HIDING.event(Ended("login", Status.PASSED, "a\ud800b")) == Ended("login", Status.PASSED, "a\ufffdb")
