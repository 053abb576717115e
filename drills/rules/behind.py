"""Whether the journal that a run is resumed from is all that was written of it.

A copy may have been made before the run's end, and the run gone on: then steps that it knows nothing of may have been
begun, and may be begun still. What somebody elsewhere was told of shows it.

- A journal is behind if a head that is held elsewhere is not in it.
- Of one that is behind, every planned step that can be taken back may have been begun, whether it says so or not. An
  undo may be called for what never happened.
"""

from collections.abc import Iterable, Sequence

from drills.model.event import Began, Entry, Event, Head, UndoEnded
from drills.model.step import PlannedStep, Status
from drills.rules.undo import by_hand


def missing(entries: Sequence[Entry], told: Iterable[Head]) -> Head | None:
    """Return the last head that is held elsewhere and is not in the journal; None where all are."""
    there = {entry.head for entry in entries}
    return max((head for head in told if head not in there), key=lambda head: head.seq, default=None)


def unheard_of(steps: Sequence[PlannedStep], events: Sequence[Event]) -> tuple[UndoEnded, ...]:
    """Return, for steps that may have been begun without this journal's knowledge, that they are to be taken back."""
    begun = {event.step for event in events if isinstance(event, Began)}
    detail = "whether it was begun is not known here: the journal is behind"
    return tuple(
        UndoEnded(step.id, Status.NOT_MEASURED, detail, residue=by_hand(step.id, step, detail), tries=0)
        for step in steps
        if step.undo and step.id not in begun
    )
