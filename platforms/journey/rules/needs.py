"""Which steps must be gone again to close something after a crash, and whether that can be done at all.

Rules:
- After a crash there is what was put on record: the run's id and captured values that may be kept. Secrets are read
  anew. What else is needed (a session) is captured again, by going the steps that capture it.
- Only a step that opens, closes and expects to be refused nothing, and waits for nothing, may be gone again.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from platforms.journey.model import Journey, Step
from platforms.journey.rules.names import names_in


@dataclass(frozen=True, slots=True)
class Way:
    """The steps to go again, in their order, and the names that can't be had by any."""

    steps: tuple[Step, ...]
    missing: frozenset[str]


def way_to(journey: Journey, names: Iterable[str], known: AbstractSet[str]) -> Way:
    """Return how values are had again, `known` being there already."""
    wanted: set[str] = set()
    missing: set[str] = set()
    open_names = set(names) - known
    seen: set[str] = set()
    while open_names:
        name = open_names.pop()
        seen.add(name)
        step = _source(journey, name)
        if step is None:
            missing.add(name)
        elif step.id not in wanted:
            wanted.add(step.id)
            open_names |= names_in(step.ask) - known - seen
    return Way(tuple(step for step in journey.steps if step.id in wanted), frozenset(missing))


def unclosable(journey: Journey, step: Step, outside: AbstractSet[str]) -> frozenset[str]:
    """Return the names without which what a step opens can't be closed after a crash; `outside`: secrets and run.

    Values that `find` looks up are there, and so are those that may be kept.
    """
    undo = step.undo
    if undo is None:
        return frozenset()
    kept = {capture.name for each in journey.steps for capture in each.capture if capture.keep}
    found = {capture.name for capture in undo.find.capture} if undo.find is not None else set()
    lost = way_to(journey, names_in(undo.ask), outside | kept | found).missing
    if undo.find is not None:
        lost |= way_to(journey, names_in(undo.find.ask), outside).missing
    return lost


def _source(journey: Journey, name: str) -> Step | None:
    for step in journey.steps:
        is_plain = step.undo is None and step.closes is None and step.until is None and not step.is_refused
        if is_plain and any(capture.name == name for capture in step.capture):
            return step
    return None
