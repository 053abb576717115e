"""An exercise: a drill has one platform watched as if it could not be reached (design 3.4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class Sees(StrEnum):
    """What probes of an exercise meet in the place of the platform."""

    HANG = "hang"  # connections are never answered
    REFUSE = "refuse"  # they are refused at once


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: the same wish under the same id is the same exercise."""

    id: str
    run: str
    principals: tuple[str, ...]
    targets: tuple[str, ...]
    span: timedelta
    sees: Sees = Sees.HANG
    ticket: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise of a platform. Half-open: it runs in `[began_at, until)` at the longest.

    `detected_at` is when its probes were confirmed bad, and its cause was added to the flag; `took` is how long
    that took, by a clock that is never set. `ended_at` and `why` are set once it is over; `ended_by` is who ended it,
    None for the monitor itself.
    """

    wish: Wish
    by: str
    token: str
    began_at: datetime
    until: datetime
    detected_at: datetime | None = None
    took: timedelta | None = None
    ended_at: datetime | None = None
    why: str = ""
    ended_by: str | None = None

    @property
    def id(self) -> str:
        """The name that its caller gave it."""
        return self.wish.id

    @property
    def is_running(self) -> bool:
        """Whether it is not over."""
        return self.ended_at is None


class Listed(NamedTuple):
    """An exercise, and of which platform it is."""

    platform: str
    exercise: Exercise


@dataclass(frozen=True, slots=True)
class BeginExercise:
    """Begin one. `elsewhere`: how many run on other platforms; `obstacle`: what keeps the monitor from it, if any."""

    wish: Wish
    elsewhere: int = 0
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class EndExercise:
    """End one. One that is over already is answered as ended."""

    id: str
    reason: str = ""


ExerciseAct = BeginExercise | EndExercise


@dataclass(frozen=True, slots=True)
class ExerciseBegan:
    """From here on its probes reach nothing."""

    exercise: Exercise


@dataclass(frozen=True, slots=True)
class ExerciseFound:
    """Its probes were confirmed bad, as those of an outage are."""

    exercise: Exercise


@dataclass(frozen=True, slots=True)
class ExerciseOver:
    """It ended; the exercise says when, why and by whom. `token`: of who ended it; empty for the monitor itself."""

    exercise: Exercise
    token: str = ""


ExerciseFact = ExerciseBegan | ExerciseFound | ExerciseOver
