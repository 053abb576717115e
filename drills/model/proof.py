"""What is brought together to check a run's evidence, and what the check shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drills.model.event import Entry, Head
from glasswatch.flag.trust import Trust


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong, and in which line of the journal, from 1; 0 where it is in none."""

    line: int
    what: str


@dataclass(frozen=True, slots=True)
class ToldHead:
    """A head that somebody elsewhere holds: what for (`open`, `head`, `close`), and the receipt that was given."""

    head: Head
    act: str
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class Heads:
    """All heads that somebody elsewhere holds of a run. `is_own_word`: the monitor itself was asked for them."""

    run: str
    told: tuple[ToldHead, ...]
    is_own_word: bool = False


@dataclass(frozen=True, slots=True)
class FoundOutput:
    """What stands in an output's file: how long it is, and its hash with the run's salt."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run's evidence as it was found. `problem` is the first breach of the chain, after the last entry.

    `outputs` by file; None where one can't be read. `beside`: what lies with them that no entry names.
    `trust` says whose receipts are believed. `run`: whose it should be, empty where nobody asked for one.
    """

    entries: tuple[Entry, ...]
    torn: int = 0
    problem: Problem | None = None
    outputs: Mapping[str, FoundOutput | None] = field(default_factory=dict)
    trust: Trust | None = None
    heads: Heads | None = None
    run: str = ""
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """What the check shows. `anchored`: the last entry that a head which is believed speaks of, 0 for none.

    `is_whole`: it is closed, and anchored up to there.
    """

    run: str
    head: Head
    problems: tuple[Problem, ...]
    anchored: int
    is_closed: bool
    is_whole: bool
    notes: tuple[str, ...]
    exit_code: int
