"""What is run: a scenario made ready. Steps by their ids, each with how it is done and how it is taken back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from drills.model.event import Opened
from drills.model.found import RunFacts, Value
from drills.model.step import PlannedStep
from drills.ports import Action


@dataclass(frozen=True, slots=True)
class Undo:
    """One act of taking a step back: a step of the scenario's own, or (`is_own`) the action's own undo."""

    id: str
    action: Action
    within: float
    every: float | None = None
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Doing:
    """One step: how it is done, for how many seconds at most, and how it is taken back, in this order.

    `secrets` are the names of what it captures and nobody may see.
    """

    planned: PlannedStep
    action: Action
    within: float
    every: float | None = None
    undo: tuple[Undo, ...] = ()
    secrets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Drill:
    """A run that is about to begin, or to go on. `until`: when it must be over at the latest."""

    facts: RunFacts
    opening: Opened
    doings: Mapping[str, Doing]
    until: datetime
    values: Mapping[str, Value] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[PlannedStep, ...]:
        """Its steps, in the order in which they begin."""
        return self.opening.steps
