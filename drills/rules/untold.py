"""Whether everybody who knows of a run was told how it ended, by its journal alone.

Between the entry that closes a run and the first word to anybody its process may be killed. Who has no word in the
journal since then, not even that it could not be told, may hold the run open for ever.
"""

from collections.abc import Iterable, Sequence

from drills.model.event import Closed, Entry, Event, Gated, Interrupted, NotTold, Receipted
from drills.rules import gates


def may_know(events: Sequence[Event], names: Iterable[str]) -> tuple[str, ...]:
    """Return who of these the run was opened at, or may have been: the answer may never have been written."""
    gated = [event for event in events if isinstance(event, Gated)]
    asked_to = () if gates.shut(gated) else names
    return tuple(dict.fromkeys((*(e.by for e in events if isinstance(e, Receipted | NotTold)), *asked_to)))


def last_news(entries: Sequence[Entry]) -> int | None:
    """Return where the last entry is that closed the run, or closed it with less left behind; None: nowhere."""
    found, left = None, None
    for at, entry in enumerate(entries):
        if isinstance(entry.event, Closed) and left != set(entry.event.residue):
            found, left = at, set(entry.event.residue)
    return found


def untold(entries: Sequence[Entry], names: Iterable[str]) -> tuple[str, ...]:
    """Return who of these may know of the run, and has no word in the journal since it was closed."""
    closed = last_news(entries)
    if closed is None:
        return ()
    later = [entry.event for entry in entries[closed:]]
    said = {event.by for event in later if isinstance(event, Receipted | NotTold | Interrupted)}
    return tuple(name for name in may_know([entry.event for entry in entries], names) if name not in said)
