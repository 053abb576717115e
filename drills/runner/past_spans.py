"""The spans of the last runs of a scenario, which a run's own are compared with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from drills.errors import DrillFault
from drills.journal import reading
from drills.model.event import Closed, Opened
from drills.model.found import RunFacts
from drills.model.step import Span
from drills.rules.spans import measured, seconds_of

LAST: Final = 4
_MOST_LOOKED_AT: Final = 20


def spans_before(root: Path, facts: RunFacts) -> tuple[Mapping[Span, float], ...]:
    """Return the spans of the last runs of the scenario that were closed here, the newest last.

    Names of runs hold when they began, so that the newest are read first, and no more than are needed.
    """
    found: list[Mapping[Span, float]] = []
    try:
        places = sorted(root.glob(f"{_begin(facts.id)}*/{reading.JOURNAL}"), reverse=True)
    except OSError:
        return ()
    for path in places[:_MOST_LOOKED_AT]:
        if path.parent.name == facts.id or len(found) == LAST:
            continue
        try:
            entries = reading.read(path.parent).entries
        except DrillFault:
            continue
        opened = entries[0].event if entries else None
        is_closed = any(isinstance(entry.event, Closed) for entry in entries)
        if is_closed and isinstance(opened, Opened) and opened.scenario == facts.scenario:
            found.append(seconds_of(measured(entries)))
    return tuple(reversed(found))


def _begin(run: str) -> str:
    """Return what the names of runs of one scenario begin with: all but the second and the letters."""
    return run.rsplit("-", 2)[0] + "-"
