"""A hash chain: each entry holds the hash of the one before, so that what was written can't be changed unseen.

Rules:
- Entries are numbered from 1; the first one's `prev` is `GENESIS`.
- An entry's hash is the SHA-256 of the canonical JSON of its `prev`, `seq` and `body`.
- A chain alone shows edits, gaps and reordering; that its end was cut off shows only against a head kept elsewhere.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from glasswatch.canonical import canonical

GENESIS = "0" * 64


class Damage(StrEnum):
    """What can be wrong with a chain."""

    GAP = "gap"  # entries are missing before this one
    ORDER = "order"  # this entry stands after a later one, or twice
    EDIT = "edit"  # this entry, or its link to the one before, is not what was written
    CUT = "cut"  # the chain ends before the head that is known of it


@dataclass(frozen=True, slots=True)
class Entry:
    """One link: `hash` is what `entry_hash` returned when it was written, in lower-case hex."""

    seq: int
    prev: str
    body: Mapping[str, object]
    hash: str


@dataclass(frozen=True, slots=True)
class ChainProblem:
    """The first thing found wrong, at the entry with this number."""

    seq: int
    damage: Damage
    message: str


def entry_hash(prev: str, seq: int, body: Mapping[str, object]) -> str:
    """Return the hash of an entry in lower-case hex.

    Raises:
        ValueError: the body holds something that isn't JSON.
    """
    return hashlib.sha256(canonical({"prev": prev, "seq": seq, "body": dict(body)})).hexdigest()


def verify(entries: Iterable[Entry], head: tuple[int, str] | None = None) -> ChainProblem | None:
    """Return the first problem of a chain given from its first entry on; None for a sound one.

    `head` is a number and hash kept elsewhere (in a signed flag, say): the chain must still hold that entry.
    """
    seq, prev = 0, GENESIS
    known = head[0] if head else 0
    for entry in entries:
        problem = problem_of(entry, seq, prev, _right_hash(entry))
        if problem is not None:
            return problem
        if head and entry.seq == known and entry.hash != head[1]:
            return ChainProblem(entry.seq, Damage.EDIT, f"entry {entry.seq} is not the one whose hash is known")
        seq, prev = entry.seq, entry.hash
    if seq < known:
        return ChainProblem(seq, Damage.CUT, f"the chain ends at {seq}, but entry {known} is known")
    return None


def problem_of(entry: Entry, seq: int, prev: str, right: str) -> ChainProblem | None:
    """Return what is wrong with an entry after the one of this number and hash; `right` is what its hash must be."""
    if entry.seq <= seq:
        return ChainProblem(entry.seq, Damage.ORDER, f"entry {entry.seq} stands after entry {seq}")
    if entry.seq > seq + 1:
        return ChainProblem(entry.seq, Damage.GAP, f"entry {entry.seq} follows entry {seq}")
    if entry.prev != prev:
        return ChainProblem(entry.seq, Damage.EDIT, f"entry {entry.seq} does not link to the entry before")
    if entry.hash != right:
        return ChainProblem(entry.seq, Damage.EDIT, f"entry {entry.seq} is not what was written")
    return None


def _right_hash(entry: Entry) -> str:
    try:
        return entry_hash(entry.prev, entry.seq, entry.body)
    except ValueError:
        return ""
