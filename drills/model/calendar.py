"""What the calendar knows of a scenario."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from drills.model.verdict import Verdict


class Cadence(StrEnum):
    """How often a scenario is to be run."""

    QUARTERLY = "quarterly"
    YEARLY = "yearly"
    NONE = "none"


class DueState(StrEnum):
    """Whether it is time."""

    NOT_DUE = "not_due"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that was begun once: `verdict` is `open` where it was never closed.

    `at`: when it was closed, or opened where it is open. `where`: `here` (the evidence directory) or `monitor`.
    `sha256`: the scenario's hash. `is_real`: whether any step was really to act. `acted`: whether its first step began,
    or may have. `is_unopened`: its gates were open, and it could not be opened elsewhere. `residue`: what it left
    behind and nobody has taken back since.
    """

    run: str
    scenario: str
    sha256: str
    at: datetime
    verdict: Verdict
    why: str = ""
    where: str = "here"
    is_real: bool = True
    acted: bool = True
    is_unopened: bool = False
    residue: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """When a scenario is due: `due` and `overdue` are None where no calendar says so, or nothing ever passed.

    `is_for_people`: no timer runs it by itself: its last run acted and did not pass, a clock is wrong, or no step is
    real.
    """

    state: DueState
    why: str
    due: datetime | None = None
    overdue: datetime | None = None
    is_for_people: bool = False
