"""A journal that is read back is as it was written, or the first thing that is wrong is named."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.errors import JournalUnreadable, RunUnknown
from drills.journal import reading
from drills.journal.codec import Stamp, encode
from drills.journal.reading import JOURNAL, Reading, parse, read
from drills.model.event import Began, Ended, Event
from drills.model.step import Status
from glasswatch.chain import GENESIS
from glasswatch.chainlines import write
from tests.support.clock import START
from tests.support.drilling import opened

STAMP = Stamp("quarterly-1", START, 1000, "boot")
EVENTS: Sequence[Event] = (opened(), Began("login"), Ended("login", Status.PASSED, "HTTP 200"), Began("next"))


def lines(stamped: Sequence[tuple[Stamp, Event]]) -> list[bytes]:
    """Return a journal's lines."""
    made, prev = [], GENESIS
    for seq, (stamp, event) in enumerate(stamped, start=1):
        line, prev = write(prev, seq, encode(stamp, event))
        made.append(line)
    return made


SOUND = lines([(STAMP, event) for event in EVENTS])


def test_a_sound_journal_is_read_whole() -> None:
    """With how many bytes its lines have."""
    found = parse(b"".join(SOUND))
    assert [entry.event for entry in found.entries] == list(EVENTS)
    assert (found.whole, found.torn, found.problem) == (sum(map(len, SOUND)), 0, None)
    assert parse(b"") == Reading((), 0, 0)


@given(st.integers(1, len(b"".join(SOUND)) - 1))
def test_what_was_being_written_is_torn_and_no_entry(length: int) -> None:
    """However far the last line came."""
    raw = b"".join(SOUND)[:length]
    found = parse(raw)
    assert found.problem is None
    assert found.whole + found.torn == length
    assert len(found.entries) == raw.count(b"\n")


@settings(max_examples=300)
@given(st.data())
def test_no_byte_can_be_changed(data: st.DataObject) -> None:
    """It is the problem of its line, or of the journal's end."""
    raw = b"".join(SOUND)
    at = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != raw[at]))
    found = parse(raw[:at] + bytes([byte]) + raw[at + 1 :])
    line = raw[:at].count(b"\n") + 1
    if found.problem is not None:
        assert found.problem.line == line
    else:  # the last line feed: what is before it is not whole any more
        assert (line, found.torn) == (len(SOUND), len(SOUND[-1]))
    assert len(found.entries) == line - 1


BROKEN: list[tuple[str, Callable[[list[bytes]], list[bytes]], int, str]] = [
    ("a line that is missing", lambda all_: [all_[0], *all_[2:]], 2, "entry 3 follows entry 1"),
    ("a line that stands there twice", lambda all_: [*all_[:2], all_[1], *all_[2:]], 3, "entry 2 stands after entry 2"),
    ("two lines in the other's place", lambda all_: [all_[0], all_[2], all_[1], all_[3]], 2, "entry 3 follows entry 1"),
    ("a line between", lambda all_: [all_[0], b"\n", *all_[1:]], 2, "it is not an entry as it was written"),
    ("the first line gone", lambda all_: all_[1:], 1, "entry 2 follows entry 0"),
    ("text after the end", lambda all_: [*all_, b"# looked at by hand\n"], 5, "it is not an entry"),
    ("a line without end", lambda all_: [*all_, b"x" * (2**20 + 1) + b"\n"], 5, "it is longer than 1 MiB"),
    ("white space", lambda all_: [all_[0].replace(b":", b": ", 1), *all_[1:]], 1, "it is not an entry"),
]


@pytest.mark.parametrize(("change", "line", "what"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_the_first_thing_that_is_wrong_is_named(
    change: Callable[[list[bytes]], list[bytes]], line: int, what: str
) -> None:
    """With its line; what stands before it is read."""
    found = parse(b"".join(change(SOUND)))
    assert found.problem is not None
    assert (found.problem.line, len(found.entries)) == (line, line - 1)
    assert found.problem.what.startswith(what)


def test_times_go_on_within_a_boot() -> None:
    """The wall clock may step; what never goes back does only where the machine was started anew."""
    earlier = STAMP._replace(mono=999)
    assert (
        parse(b"".join(lines([(STAMP, EVENTS[0]), (STAMP._replace(at=START.replace(year=2020)), EVENTS[1])]))).problem
        is None
    )
    assert parse(b"".join(lines([(STAMP, EVENTS[0]), (earlier._replace(boot="next"), EVENTS[1])]))).problem is None
    found = parse(b"".join(lines([(STAMP, EVENTS[0]), (earlier, EVENTS[1])])))
    assert found.problem is not None
    assert (found.problem.line, found.problem.what) == (2, "its time goes back")


def test_all_entries_are_of_one_run() -> None:
    """Another run's entry, properly chained, is none of it."""
    found = parse(b"".join(lines([(STAMP, EVENTS[0]), (STAMP._replace(run="quarterly-2"), EVENTS[1])])))
    assert found.problem is not None
    assert (found.problem.line, found.problem.what) == (2, "it is of another run")


def test_what_a_newer_version_wrote_is_unreadable(tmp_path: Path) -> None:
    """It is not taken for damage, nor guessed at."""
    line, _ = write(GENESIS, 1, {**encode(STAMP, Began("login")), "mood": "good"})
    (tmp_path / JOURNAL).write_bytes(line)
    with pytest.raises(JournalUnreadable, match=rf"{JOURNAL}: entry 1 can't be read: mood"):
        read(tmp_path)


def test_a_file_that_is_no_journal_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing one, a directory, a pipe that nobody writes to, one without end."""
    with pytest.raises(RunUnknown):
        read(tmp_path)
    path = tmp_path / JOURNAL
    path.mkdir()
    with pytest.raises(JournalUnreadable, match="Is a directory"):
        read(tmp_path)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(JournalUnreadable, match="expected a file"):
        read(tmp_path)
    path.unlink()
    path.write_bytes(b"".join(SOUND))
    monkeypatch.setattr(reading, "LARGEST", len(SOUND[0]))
    with pytest.raises(JournalUnreadable, match="expected a file of at most"):
        read(tmp_path)


def test_ten_thousand_lines_are_read_in_a_moment() -> None:
    """About 0.5 s of work; each line costs what its length costs, whatever came before it."""
    raw = b"".join(lines([(STAMP, Ended(f"step-{at}", Status.PASSED, "HTTP 200 as expected")) for at in range(10_000)]))
    began = time.process_time()
    found = parse(raw)
    taken = time.process_time() - began
    assert len(found.entries) == 10_000
    assert taken < 5
