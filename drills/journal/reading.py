"""Reads a journal back, and checks it as far as it can be checked by itself.

Rules:
- A journal is at most `LARGEST` bytes, a line at most `LONGEST`.
- What follows the last line feed was being written when its writer ended: it is `torn`, and no entry.
- Each line must be an entry in canonical form, in its place in the chain (`glasswatch.chainlines`), of the same run as
  the first. The wall clock may step; `mono` never goes back within one `boot`. The first breach is the `problem`, and
  entries end before it.
- An entry that is in its place, and of a kind or with a field that this version doesn't know, makes it unreadable:
  a newer version wrote it.

Whether the end was cut off, or all of it replaced, shows only against heads kept elsewhere:
`drills.rules.verification`.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drills.errors import JournalUnreadable, RunUnknown
from drills.journal import codec
from drills.model.event import Entry
from drills.model.proof import Problem
from glasswatch import chain, chainlines

JOURNAL: Final = "journal.jsonl"
LARGEST: Final = 64 * 2**20
LONGEST: Final = 2**20


@dataclass(frozen=True, slots=True)
class Reading:
    """What a journal holds. `whole`: bytes up to the last line feed; `torn`: bytes after it."""

    entries: tuple[Entry, ...]
    whole: int
    torn: int
    problem: Problem | None = None


def read(directory: Path) -> Reading:
    """Read the journal of a run's directory.

    Raises:
        RunUnknown: there is none.
        JournalUnreadable: it can't be read, or not by this version.
    """
    return _parsed(directory, _read(directory, LARGEST))


def first(directory: Path) -> Entry | None:
    """Return the first entry alone of a run's journal; None where it is not as it was written, or not there yet.

    Raises:
        RunUnknown, JournalUnreadable: as `read`.
    """
    line, ended, _rest = _read(directory, LONGEST).partition(b"\n")
    entries = _parsed(directory, line + ended).entries
    return entries[0] if entries else None


def _read(directory: Path, most: int) -> bytes:
    path = directory / JOURNAL
    try:
        raw = _bytes(path, most)
    except (FileNotFoundError, NotADirectoryError):
        raise RunUnknown(f"{directory}: no run is there: {JOURNAL} is missing") from None
    except OSError as fault:
        raise JournalUnreadable(f"{path}: can't be read: {fault.strerror}") from None
    if raw is None:
        raise JournalUnreadable(f"{path}: expected a file of at most {LARGEST >> 20} MiB")
    return raw


def _parsed(directory: Path, raw: bytes) -> Reading:
    try:
        return parse(raw)
    except JournalUnreadable as fault:
        raise JournalUnreadable(f"{directory / JOURNAL}: {fault}") from None


def parse(raw: bytes) -> Reading:
    """Return what the bytes of a journal hold.

    Raises:
        JournalUnreadable: a newer version wrote it.
    """
    *lines, tail = raw.split(b"\n")
    entries: list[Entry] = []
    problem = None
    for number, line in enumerate(lines, start=1):
        found = _entry(number, line, entries)
        if isinstance(found, Problem):
            problem = found
            break
        entries.append(found)
    return Reading(tuple(entries), len(raw) - len(tail), len(tail), problem)


def _entry(number: int, line: bytes, before: list[Entry]) -> Entry | Problem:
    if len(line) > LONGEST:
        return Problem(number, f"it is longer than {LONGEST >> 20} MiB")
    try:
        read_line = chainlines.parse(line)
    except ValueError:
        return Problem(number, "it is not an entry as it was written")
    seq, prev = (before[-1].head.seq, before[-1].head.hash) if before else (0, chain.GENESIS)
    wrong = chain.problem_of(read_line.entry, seq, prev, read_line.right)
    if wrong is not None:
        return Problem(number, wrong.message)
    entry = codec.decode(read_line.entry)
    if before and entry.run != before[0].run:
        return Problem(number, "it is of another run")
    if before and entry.boot == before[-1].boot and entry.mono < before[-1].mono:
        return Problem(number, "its time goes back")
    return entry


def _bytes(path: Path, most: int) -> bytes | None:
    """Return what a file holds, or so much of it; None where it is none, or too large."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return None
        raw = file.read(min(most, LARGEST) + 1)
    return raw if len(raw) <= LARGEST else None
