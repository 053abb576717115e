"""How a run's evidence was sealed: by signed receipts of its own journal, which somebody elsewhere gave.

1. A receipt counts if it is of an entry that stands before it, and is signed as far as its form says. `drill verify`
   checks the signature.
2. Sealed in full is what was closed, and whose end somebody holds: a head of the entry that closed it, or of a later
   one.
3. Sealed in part is what somebody holds an earlier head of.
"""

import re
from collections.abc import Sequence
from typing import Final

from drills.model.event import Closed, Entry, Receipted

_JWS: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def receipts(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the last signed receipt of each who gave any."""
    hashes: dict[int, str] = {}
    last: dict[str, Entry] = {}
    for entry in entries:
        told = entry.event
        if isinstance(told, Receipted) and hashes.get(told.seq) == told.hash and _JWS.fullmatch(told.jws):
            last[told.by] = entry
        hashes[entry.head.seq] = entry.head.hash
    return tuple(last.values())


def is_sealed(entries: Sequence[Entry]) -> bool:
    """Return whether the end of the run is held by somebody elsewhere."""
    end = max((entry.head.seq for entry in entries if isinstance(entry.event, Closed)), default=None)
    held = [entry.event.seq for entry in receipts(entries) if isinstance(entry.event, Receipted)]
    return end is not None and any(seq >= end for seq in held)
