"""Brings together what a run's evidence is checked by: journal, outputs, trust file, heads that are held elsewhere.

What can't be had is an error, but for outputs: one that is missing, too long, or no file of the run's own is a finding.
"""

import os
import stat
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from drills.journal import reading
from drills.journal.files import OUTPUTS
from drills.journal.hiding import MOST_OUTPUT
from drills.journal.journal import salted
from drills.model.event import Head, Opened
from drills.model.proof import Evidence, FoundOutput, Heads, ToldHead
from drills.rules.verification import confirmed_with, outputs_of
from glasswatch.clock import Clock
from glasswatch.errors import UsageFault
from glasswatch.flag import disk
from glasswatch.flag.trust import Trust
from monitor.wire.drills import HeadsAnswer

LARGEST_HEADS: Final = 16 * 2**20


def gather(directory: Path, trust: Trust | None, run: str = "") -> Evidence:
    """Return a run's evidence. `run`: whose it should be.

    Raises:
        RunUnknown, JournalUnreadable: there is no journal that could be checked.
    """
    found = reading.read(directory)
    opened = found.entries[0].event if found.entries else None
    salt = opened.salt if isinstance(opened, Opened) else ""
    outputs = {file: _output(directory / OUTPUTS / file, salt) for file in outputs_of(found.entries)}
    beside = _beside(directory / OUTPUTS, {*outputs, *confirmed_with(found.entries)})
    return Evidence(found.entries, found.torn, found.problem, outputs, trust, run=run, beside=beside)


def heads_in(path: Path, clock: Clock) -> Heads:
    """Return the heads in a file: what a monitor answers at `/api/v1/drills/RUN/heads`.

    Raises:
        UsageFault: it holds no such answer.
    """
    try:
        raw = disk.read(path, LARGEST_HEADS, clock).data
        answer = HeadsAnswer.model_validate_json(raw)
    except OSError as fault:
        raise UsageFault(f"--heads: {path} can't be read: {fault.strerror or fault}") from None
    except (ValidationError, ValueError):
        raise UsageFault(f"--heads: {path} holds no heads: expected a monitor's answer, as JSON") from None
    return heads_of(answer)


def heads_of(answer: HeadsAnswer, *, is_own_word: bool = False) -> Heads:
    """Return the heads of an answer. `is_own_word`: the monitor itself gave it, just now."""
    told = (ToldHead(Head(each.seq, each.hash), each.act, each.receipt) for each in answer.heads)
    return Heads(answer.run, tuple(told), is_own_word)


def _beside(place: Path, known: AbstractSet[str]) -> tuple[str, ...]:
    try:
        return tuple(sorted(path.name for path in place.iterdir() if path.name not in known))
    except OSError:  # then those that should be there are missing too
        return ()


def _output(path: Path, salt: str) -> FoundOutput | None:
    if path.parent.name != OUTPUTS or path.name in ("", ".", ".."):
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            content = file.read(MOST_OUTPUT + 1)
        return FoundOutput(len(content), salted(salt, content))
    except (OSError, ValueError):  # a salt, or a name, that is none
        return None
