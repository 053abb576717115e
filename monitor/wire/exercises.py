"""Exercises on the wire: a drill has the monitor watch one platform as if it were down.

The caller names an exercise itself, so that asking twice starts one, and ending one that never began is no mistake.
"""

from typing import Annotated, Literal

from pydantic import Field

from monitor.wire.bodies import Body
from monitor.wire.queries import Query
from monitor.wire.shape import Instant, Shape

ExerciseState = Literal["running", "detected", "ended"]
AsWord = Literal["hang", "refuse"]

LONGEST_SECONDS = 7200
_NAME = r"^[a-z0-9][a-z0-9._@+-]{0,62}$"
_ID = r"^[a-z0-9][a-z0-9-]{0,62}$"

_Id = Annotated[str, Field(pattern=_ID, description="1 to 63 of a-z 0-9 -, made by the caller")]
_Names = Annotated[
    tuple[Annotated[str, Field(pattern=_NAME)], ...],
    Field(strict=False, min_length=1, max_length=10, description="1 to 10 names of a-z 0-9 . _ @ + -"),
]


class ExerciseBody(Body):
    """What is to be exercised."""

    id: _Id
    run: _Id
    platform: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9_-]{0,62})$", description="the name of a platform")]
    principals: _Names
    targets: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=255)], ...],
        Field(strict=False, max_length=50, description="what break-glass may be used on, at most 50 names"),
    ] = ()
    for_seconds: Annotated[
        int, Field(ge=10, le=LONGEST_SECONDS, description="how long at most, from 10 to 7200 whole seconds")
    ]
    probes_see: Annotated[AsWord, Field(description="hang (connections are never answered) or refuse")] = "hang"
    ticket: Annotated[str | None, Field(max_length=128, description="a ticket, or null")] = None
    reason: Annotated[str, Field(max_length=1000, description="why, at most 1,000 characters")] = ""


class EndExerciseBody(Body):
    """Why an exercise ends."""

    reason: Annotated[str, Field(max_length=1000, description="why, at most 1,000 characters")] = ""


class ExerciseQuery(Query):
    """Which exercises are asked for."""

    platform: Annotated[str | None, Field(min_length=1, max_length=63, description="the name of a platform")] = None
    run: Annotated[str | None, Field(pattern=_ID, description="the run of a drill")] = None


class ExerciseAnswer(Shape):
    """One exercise, as it stands."""

    id: str
    run: str
    platform: str
    state: ExerciseState
    by: str
    """Who asked for it: a person's or a machine's name."""
    principals: tuple[str, ...]
    targets: tuple[str, ...]
    began: Instant
    """From when on its probes reach nothing."""
    until: Instant
    """When it ends at the latest."""
    detected: Instant | None
    """When the shadow probes were confirmed bad, and the flag's cause was added."""
    detection_seconds: float | None
    """How long that took, by a clock that is never set."""
    ended: Instant | None
    why: str
    """Why it ended; empty while it runs."""


class ExercisesAnswer(Shape):
    """Exercises, newest first: those that run, and the last that ended."""

    exercises: tuple[ExerciseAnswer, ...]
