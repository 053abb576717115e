"""Endpoints that a drill asks which the monitor's table does not have yet: what that has goes before."""

from collections.abc import Mapping
from typing import Final

from monitor.wire.drills import (
    CalendarAnswer,
    CloseRunBody,
    HeadBody,
    HeadsAnswer,
    OpenRunBody,
    ReceiptAnswer,
    RunAnswer,
    RunsAnswer,
)
from monitor.wire.endpoints import JSON, Endpoint
from monitor.wire.exercises import EndExerciseBody, ExerciseAnswer, ExerciseBody, ExercisesAnswer

AWAITED: Final[Mapping[str, Endpoint]] = {
    each.name: each
    for each in (
        Endpoint("exercises", "GET", "/api/v1/exercises", "read", "", {JSON: ExercisesAnswer}),
        Endpoint("exercise", "GET", "/api/v1/exercises/{id}", "read", "", {JSON: ExerciseAnswer}),
        Endpoint(
            "exercise_begin", "POST", "/api/v1/exercises", "exercise", "", {JSON: ExerciseAnswer}, body=ExerciseBody
        ),
        Endpoint(
            "exercise_end",
            "POST",
            "/api/v1/exercises/{id}/end",
            "exercise",
            "",
            {JSON: ExerciseAnswer},
            body=EndExerciseBody,
        ),
        Endpoint("drill", "GET", "/api/v1/drills/{run}", "read", "", {JSON: RunAnswer}),
        Endpoint("drills", "GET", "/api/v1/drills", "read", "", {JSON: RunsAnswer}),
        Endpoint("drill_open", "POST", "/api/v1/drills", "drill", "", {JSON: ReceiptAnswer}, body=OpenRunBody),
        Endpoint("drill_head", "POST", "/api/v1/drills/{run}/heads", "drill", "", {JSON: ReceiptAnswer}, body=HeadBody),
        Endpoint(
            "drill_close", "POST", "/api/v1/drills/{run}/close", "drill", "", {JSON: ReceiptAnswer}, body=CloseRunBody
        ),
        Endpoint("drill_heads", "GET", "/api/v1/drills/{run}/heads", "read", "", {JSON: HeadsAnswer}),
        Endpoint("drill_calendar", "GET", "/api/v1/drills/calendar", "read", "", {JSON: CalendarAnswer}),
    )
}
