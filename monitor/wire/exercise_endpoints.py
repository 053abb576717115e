"""The part of the table of endpoints that is about exercises (`monitor.wire.endpoints`)."""

from typing import Final

from monitor.wire.endpoint import JSON, Endpoint
from monitor.wire.exercises import (
    EndExerciseBody,
    ExerciseAnswer,
    ExerciseBody,
    ExerciseQuery,
    ExercisesAnswer,
)
from monitor.wire.queries import NoQuery

EXERCISES: Final = (
    Endpoint(
        name="exercises",
        method="GET",
        path="/api/v1/exercises",
        scope="read",
        summary="Exercises, newest first: those that run, and the last that ended.",
        answers={JSON: ExercisesAnswer},
        query=ExerciseQuery,
        refusals=("unknown_platform",),
    ),
    Endpoint(
        name="exercise",
        method="GET",
        path="/api/v1/exercises/{id}",
        scope="read",
        summary="One exercise, as it stands.",
        answers={JSON: ExerciseAnswer},
        query=NoQuery,
        refusals=("no_such",),
    ),
    Endpoint(
        name="exercise_begin",
        method="POST",
        path="/api/v1/exercises",
        scope="exercise",
        summary="Have a platform watched as if it could not be reached, beside watching it. The same again is known.",
        answers={JSON: ExerciseAnswer},
        query=NoQuery,
        body=ExerciseBody,
        refusals=("unknown_platform", "not_possible", "too_many"),
        platform_in="body",
        creates=True,
    ),
    Endpoint(
        name="exercise_end",
        method="POST",
        path="/api/v1/exercises/{id}/end",
        scope="exercise",
        summary="End an exercise. One that is over is answered as it is.",
        answers={JSON: ExerciseAnswer},
        query=NoQuery,
        body=EndExerciseBody,
        refusals=("not_possible", "no_such"),
        body_may_lack=True,
    ),
)
