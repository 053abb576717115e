"""Whether the audit is what was written, by itself and against those who saw it grow.

1. The chain shows edits, gaps and reordering (`glasswatch.chain`). That its end was cut off, or that all of it was
   written anew, only somebody else can tell: every signed flag names the entry that the chain ended with.
2. What is wrong with the chain itself comes first, since what follows can't be told then; else the first entry that a
   witness knows otherwise; else that a witness knows more than there is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from glasswatch.chain import GENESIS, Damage, Entry, verify


@dataclass(frozen=True, slots=True)
class Witness:
    """Who knows with which entry the chain ended once: number and hash. `what` names it for people.

    `head` None: what it knew can't be read any more.
    """

    what: str
    seq: int
    head: str | None


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first thing found wrong, at the entry with this number; `witness` is who tells it, if not the chain."""

    seq: int
    damage: Damage
    message: str
    witness: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """How long the chain is, what it ends with, and what is wrong with it."""

    entries: int
    head: str
    flaw: Flaw | None


class _Watched:
    """Passes entries on, and keeps what the witnesses ask about."""

    def __init__(self, entries: Iterable[Entry], asked: frozenset[int]) -> None:
        self._entries = entries
        self._asked = asked
        self.known = {0: GENESIS}
        self.count = 0
        self.head = GENESIS

    def __iter__(self) -> Iterator[Entry]:
        for entry in self._entries:
            self.count, self.head = self.count + 1, entry.hash
            if entry.seq in self._asked:
                self.known[entry.seq] = entry.hash
            yield entry


def judge(entries: Iterable[Entry], witnesses: Iterable[Witness]) -> Verified:
    """Judge a chain, given from its first entry on."""
    heard = sorted(witnesses, key=lambda witness: witness.seq)
    watched = _Watched(entries, frozenset(witness.seq for witness in heard))
    problem = verify(watched)
    if problem is not None:
        flaw: Flaw | None = Flaw(problem.seq, problem.damage, problem.message)
    else:
        flaw = next((found for found in (_contradiction(witness, watched) for witness in heard) if found), None)
    return Verified(watched.count, watched.head, flaw)


def _contradiction(witness: Witness, watched: _Watched) -> Flaw | None:
    if witness.head is None:
        return Flaw(witness.seq, Damage.EDIT, f"{witness.what} is not what was written", witness.what)
    if watched.known.get(witness.seq) == witness.head:
        return None
    if witness.seq in watched.known:
        message = f"entry {witness.seq} is not the one that {witness.what} names"
        return Flaw(witness.seq, Damage.EDIT, message, witness.what)
    message = f"the chain ends at {watched.count}, but {witness.what} names entry {witness.seq}"
    return Flaw(watched.count, Damage.CUT, message, witness.what)
