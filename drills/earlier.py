"""The spans of the last runs of a scenario, which a drill as it ends, and its report, compare its own with.

Rules:
- A run counts if its journal lies in the same place, was closed, was opened before this one, and measured something
  that may be compared: one that ended at a gate did not, and takes no other run's place. A copy of a run that counts
  already, or of this run itself, does not.
- Names of runs say whose they are: where one says that it is another scenario's, its journal is not read.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from drills.errors import DrillFault
from drills.journal import reading
from drills.model.event import Closed, Entry, Opened
from drills.model.step import Span
from drills.rules.spans import comparable, measured

LAST: Final = 4
_MOST_LOOKED_AT: Final = 120  # a timer leaves a run a day that ended at a gate, which are short
_NAME: Final = re.compile(r"(.+)-\d{8}t\d{6}z-[a-z2-7]{6}")


def spans_before(root: Path, run: str, scenario: str, opened_at: datetime) -> tuple[Mapping[Span, float], ...]:
    """Return the spans of the last runs of the scenario that were opened earlier than this one, the newest last."""
    firsts = {first.run: (first.at, place) for place, first in _firsts(root, run, scenario) if first.at < opened_at}
    found: list[Mapping[Span, float]] = []
    for _at, place in sorted(firsts.values(), reverse=True)[:_MOST_LOOKED_AT]:
        if len(found) == LAST:
            break
        entries = _entries(place)
        spans = comparable(measured(entries), entries)
        if spans and any(isinstance(entry.event, Closed) for entry in entries):
            found.append(spans)
    return tuple(reversed(found))


def _firsts(root: Path, run: str, scenario: str) -> Iterator[tuple[Path, Entry]]:
    """Yield the first entry of each other run of the scenario, and where it lies."""
    whose = _whose(run)
    try:
        places = sorted(root.iterdir())
    except OSError:  # nothing can be compared with what can't be read
        return
    for place in places:
        if place.name == run or (whose and (other := _whose(place.name)) and other != whose):
            continue
        try:
            first = reading.first(place)
        except DrillFault:
            continue
        is_of_it = first is not None and isinstance(first.event, Opened) and first.event.scenario == scenario
        if first is not None and is_of_it and first.run != run:
            yield place, first


def _whose(name: str) -> str:
    """Return what the name of a run says of its scenario; nothing where it is no such name."""
    found = _NAME.fullmatch(name)
    return found[1] if found else ""


def _entries(place: Path) -> tuple[Entry, ...]:
    try:
        found = reading.read(place)
    except DrillFault:
        return ()
    return found.entries if found.problem is None else ()
