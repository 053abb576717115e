"""What is next in a run, by its plan and by what its journal says so far.

Rules:
- Steps begin in the plan's order. A step waits for the background steps that it needs, and for nothing else.
- A step begins when all that it needs came out well: passed, simulated, or let go by a named person. If one of them
  came out otherwise, or never began, the step is skipped; steps that don't need it go on.
- At the end the run waits for the background steps that still go on, and cleans up.
- Whatever interrupted the run ends it: nothing begins any more. Nor does anything once clean-up began.
- A run that was closed with something left behind may be taken up again, to clean up only. Any other is over.
- A step that began in another process than the one that works on the run was cut short. That process is gone.

What is to be taken back, and in which order, is `undo`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from drills.model.event import Began, CleaningUp, Closed, Ended, Entry, Event, Interrupted, Resumed
from drills.model.step import PlannedStep, Status

WELL: Final = frozenset({Status.PASSED, Status.SIMULATED, Status.WAIVED})
"""How a step came out, for the next to go on from it. Whether it is evidence is another question."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A step is to be begun."""

    step: PlannedStep


@dataclass(frozen=True, slots=True)
class Skip:
    """A step is not to be begun any more, and why."""

    step: PlannedStep
    why: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can begin before one of these background steps has ended."""

    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CleanUp:
    """No step is left: take back what was done. `why` is what led to it."""

    why: str


@dataclass(frozen=True, slots=True)
class Over:
    """The run was closed: nothing is to be done."""


Next = Begin | Skip | Wait | CleanUp | Over


def after(steps: Sequence[PlannedStep], events: Sequence[Event]) -> Next:
    """Return what is next."""
    if closed_in(events) is not None:
        return Over()
    if (why := _why_it_ended(events)) is not None:
        return CleanUp(why)
    ends = ends_of(events)
    going = going_on(events)
    for step in steps:
        if step.id not in ends and step.id not in going:
            return _of(step, ends, going)
    if going:
        return Wait(going)
    bad = [id_ for id_, ended in ends.items() if ended.status not in WELL]
    return CleanUp(f"{bad[0]} {_word(ends[bad[0]].status)}" if bad else "every step is done")


def closed_in(events: Sequence[Event]) -> Closed | None:
    """Return what closed a run; None where nothing did, or where it was taken up again since."""
    last = next((event for event in reversed(events) if isinstance(event, Closed | Resumed)), None)
    return last if isinstance(last, Closed) else None


def ends_of(events: Sequence[Event]) -> dict[str, Ended]:
    """Return how each step ended that did."""
    return {event.step: event for event in events if isinstance(event, Ended)}


def going_on(events: Sequence[Event]) -> tuple[str, ...]:
    """Return the steps that began and have not ended, in the order in which they began."""
    ends = ends_of(events)
    return tuple(dict.fromkeys(e.step for e in events if isinstance(e, Began) and e.step not in ends))


def began_at(steps: Sequence[PlannedStep], entries: Sequence[Entry]) -> datetime | None:
    """Return when the outage began: when the first step that begins a span came out well; None before."""
    begins = {step.id for step in steps if step.begins}
    for entry in entries:
        event = entry.event
        if isinstance(event, Ended) and event.step in begins and event.status in WELL:
            return event.happened_at or entry.at
    return None


def _of(step: PlannedStep, ends: Mapping[str, Ended], going: Sequence[str]) -> Next:
    """Return what is next, where this step is the first that did not begin."""
    if waited := tuple(need for need in step.needs if need in going):
        return Wait(waited)
    for need in step.needs:
        if need not in ends or ends[need].status not in WELL:
            return Skip(step, _needs(need, ends.get(need)))
    return Begin(step)


def _why_it_ended(events: Sequence[Event]) -> str | None:
    """Return what keeps any further step from beginning; None where nothing does."""
    for event in events:
        if isinstance(event, Interrupted):
            return f"interrupted by {event.by}"
        if isinstance(event, CleaningUp):
            return event.why
        if isinstance(event, Resumed) and event.clean_up_only:
            return "resumed to clean up only"
    return None


def _needs(need: str, ended: Ended | None) -> str:
    return f"needs {need}, which {_word(ended.status) if ended else 'never began'}"


def _word(status: Status) -> str:
    """Return how a step came out, as a verb phrase."""
    return {
        Status.NOT_MEASURED: "was not measured",
        Status.SKIPPED: "was skipped",
        Status.INTERRUPTED: "was cut short",
        Status.ERROR: "met a fault",
    }.get(status, status.value)
