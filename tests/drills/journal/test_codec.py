"""Entries of a journal come back as they were, and nothing else is taken for one."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings

from drills.errors import JournalUnreadable
from drills.journal.codec import KINDS as BY_NAME
from drills.journal.codec import Stamp, decode, encode
from drills.model.event import Began, Ended, Entry, Event, Head
from drills.model.step import Status
from glasswatch.chain import GENESIS
from glasswatch.chainlines import parse, write
from tests.support.clock import START
from tests.support.drilling import EVENTS, KINDS, of, opened, step

STAMP = Stamp("quarterly-1", START, 12, "boot")


def _through_a_line(stamp: Stamp, event: Event) -> Entry:
    line, _ = write(GENESIS, 1, encode(stamp, event))
    return decode(parse(line.removesuffix(b"\n")).entry)


def test_a_plan_of_before_is_still_read() -> None:
    """It says nothing of doors, of what they lead through, nor of days."""
    event = opened([step("login")], findings_due={"major": 1.0})
    body = encode(STAMP, event)
    del body["findings_due"]
    body["steps"] = [{k: v for k, v in each.items() if k not in ("door", "through")} for each in body["steps"]]  # type: ignore[attr-defined]  # a list of mappings
    line, _ = write(GENESIS, 1, body)
    assert decode(parse(line.removesuffix(b"\n")).entry).event == replace(event, findings_due={})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_comes_back_as_it_was(kind: type[Any]) -> None:
    """Through a line's bytes, whatever its fields may hold by their types."""

    @settings(max_examples=20, deadline=None)
    @given(of(kind))
    def check(event: Any) -> None:
        entry = _through_a_line(STAMP, event)
        assert entry.event == event
        assert (entry.run, entry.at, entry.mono, entry.boot) == STAMP

    check()


def test_an_entry_knows_its_place() -> None:
    """Its number and hash are the line's."""
    line, digest = write("1" * 64, 7, encode(STAMP, Began("login")))
    assert decode(parse(line.removesuffix(b"\n")).entry).head == Head(7, digest)


def test_every_event_has_a_name_and_no_field_of_the_journals_own() -> None:
    """What the journal adds would take the place of a field with its name."""
    assert set(BY_NAME.values()) == set(KINDS)
    assert {"opened", "not_told", "cleaning_up", "undo_began"} <= BY_NAME.keys()
    assert not {each.name for kind in KINDS for each in fields(kind)} & {"run", "at", "mono", "boot", "kind"}


@pytest.mark.parametrize(
    "at", [datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, 5, tzinfo=timezone(timedelta(hours=2)))]
)
def test_times_are_written_in_utc_with_microseconds(at: datetime) -> None:
    """And come back as the same instant."""
    body = encode(STAMP._replace(at=at), Began("login"))
    assert len(str(body["at"])) == len("2026-03-01T03:00:00.000000Z")
    assert _through_a_line(STAMP._replace(at=at), Began("login")).at == at


WRONG: list[tuple[str, dict[str, object], str]] = [
    ("a kind of a newer version", {"kind": "blessed"}, "kind: not known to this version"),
    ("no kind", {"kind": None}, "kind: not known"),
    ("a field of a newer version", {"mood": 1}, "mood: not known to this version"),
    ("a number for text", {"step": 1}, "step: expected text"),
    ("a run that is no text", {"run": 1}, "run: expected text"),
    ("a boot that is no text", {"boot": None}, "boot: expected text"),
    ("a naive time", {"at": "2026-03-01T03:00:00.000000"}, "at: expected a time"),
    ("a time without a day", {"at": "2026-13-01T03:00:00.000000Z"}, "at: expected a time"),
    ("a time as a number", {"at": 1}, "at: expected a time"),
    ("a clock that runs backwards", {"mono": -1}, "mono: expected a whole number"),
    ("a fraction of a millisecond", {"mono": 1.5}, "mono: expected a whole number"),
    ("true for a number", {"mono": True}, "mono: expected a whole number"),
]


@pytest.mark.parametrize(("changed", "expected"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_not_an_entry_of_this_version_is_unreadable(changed: dict[str, object], expected: str) -> None:
    """Where and why, and never its values."""
    line, _ = write(GENESIS, 1, {**encode(STAMP, Began("login")), **changed})
    with pytest.raises(JournalUnreadable, match=rf"^entry 1 can't be read: {expected}"):
        decode(parse(line.removesuffix(b"\n")).entry)


def test_a_missing_field_without_a_default_is_unreadable() -> None:
    """One with a default was added later, and takes it."""
    body = encode(STAMP, Began("login", has_undo=True))
    del body["has_undo"]
    assert decode(parse(write(GENESIS, 1, body)[0].removesuffix(b"\n")).entry).event == Began("login")
    del body["step"]
    with pytest.raises(JournalUnreadable, match="step: missing"):
        decode(parse(write(GENESIS, 1, body)[0].removesuffix(b"\n")).entry)


@pytest.mark.parametrize(
    "change",
    [
        lambda: replace(Ended("login", Status.PASSED, ""), tries=2**53),
        lambda: opened(targets={"detect": float("nan")}),
        lambda: opened(targets={"detect": 1e18}),
        lambda: Began(1),  # type: ignore[arg-type]  # on purpose
    ],
)
def test_what_could_not_be_read_back_is_not_written(change: Callable[[], Event]) -> None:
    """It fails while the caller is there to see it."""
    with pytest.raises((TypeError, ValueError)):
        _through_a_line(STAMP, change())


@given(EVENTS)
@settings(max_examples=30, deadline=None)
def test_the_same_event_is_always_the_same_bytes(event: Any) -> None:
    """So that a hash is of what was said."""
    assert write(GENESIS, 1, encode(STAMP, event)) == write(GENESIS, 1, encode(STAMP, event))
