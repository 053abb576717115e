"""Which steps are to be taken back, and in which order: by the journal alone.

Rules:
- A step is to be taken back from the moment its intent was written (`Began` with `has_undo`), whatever came of it:
  passed, failed, cut short, or nobody knows. An undo may be called for what never happened.
- It is taken back once an undo of it passed, and not before. One that failed is tried again when the run is resumed.
- So is one of which an undo is said to have failed although nothing says that it began (`behind`).
- Last in, first out, by when they began.
- What can't be taken back is residue: it is named, with what to do by hand.
"""

from collections.abc import Sequence

from drills.model.event import Began, Closed, Event, UndoEnded
from drills.model.step import PlannedStep, Status


def to_take_back(events: Sequence[Event]) -> tuple[str, ...]:
    """Return the steps that are to be taken back, in the order in which that is to be done."""
    standing: list[str] = []
    for event in events:
        if isinstance(event, Began) and event.has_undo:
            standing = [*(step for step in standing if step != event.step), event.step]
        elif isinstance(event, UndoEnded) and event.status is Status.PASSED:
            standing = [step for step in standing if step != event.step]
        elif isinstance(event, UndoEnded) and event.step not in standing:
            standing.append(event.step)
    return tuple(reversed(standing))


def residue_of(steps: Sequence[PlannedStep], events: Sequence[Event]) -> tuple[str, ...]:
    """Return what may be left behind, each with what to do by hand, in the order in which to do it."""
    by_id = {step.id: step for step in steps}
    said = {e.step: e.residue for e in events if isinstance(e, UndoEnded) and e.status is not Status.PASSED}
    # What it was closed with once is called the same for ever: whoever was told of it knows it by that name.
    said |= {line.partition(":")[0]: line for e in events if isinstance(e, Closed) for line in e.residue}
    return tuple(said.get(id_) or by_hand(id_, by_id.get(id_)) for id_ in to_take_back(events))


def by_hand(id_: str, step: PlannedStep | None, found: str = "") -> str:
    """Return in a line what may be left of a step, and how a person takes it back."""
    left = found or (f"what it touches: {', '.join(step.touches)}" if step and step.touches else "what it did")
    way = step.undo if step and step.undo else "take back by hand what the scenario says of it"
    return f"{id_}: {left}; by hand: {way}"
