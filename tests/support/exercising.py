"""Short ways to exercise a platform in tests of the rules."""

from dataclasses import replace
from datetime import timedelta

from monitor.model.act import Hand, Ruling
from monitor.model.event import ExerciseDetected, PersonActed
from monitor.model.exercise import BeginExercise, EndExercise, Exercise, Wish
from monitor.model.fact import Step
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind
from tests.support.rulings import MINUTE, Platform, up

RUN = "quarterly-20260301t030000z-abcdef"
WISH = Wish(
    id="ex-1",
    run=RUN,
    principals=("drill-anna", "drill-ben"),
    targets=("db-1",),
    span=30 * MINUTE,
    ticket="OPS-7",
    reason="the quarter's drill",
)


def begin(platform: Platform, wish: Wish = WISH, **how: object) -> Ruling:
    """Have a machine begin an exercise."""
    act = replace(BeginExercise(wish), **how)  # type: ignore[arg-type]  # passed on as it is
    ruling = platform.hear(PersonActed(act, Hand("drill-runner", "drill-token"))).ruling
    assert ruling is not None
    return ruling


def end(platform: Platform, name: str = WISH.id, reason: str = "") -> Ruling:
    """Have a machine end an exercise."""
    ruling = platform.hear(PersonActed(EndExercise(name, reason), Hand("drill-runner", "drill-token"))).ruling
    assert ruling is not None
    return ruling


def detect(platform: Platform, name: str = WISH.id, seconds: float = 17.5) -> Step:
    """Have the exercise's own probes be confirmed bad."""
    return platform.hear(ExerciseDetected(name, seconds))


def exercised(platform: Platform | None = None, span: timedelta = WISH.span) -> Platform:
    """Return a platform (one that is up) whose exercise was detected."""
    platform = platform or up()
    assert not begin(platform, replace(WISH, span=span)).is_refused
    detect(platform)
    return platform


def latest(platform: Platform) -> Exercise:
    """Return the exercise that began last."""
    return platform.state.exercises[0]


def drills(platform: Platform) -> list[Cause]:
    """Return the causes that are of exercises."""
    return [cause for cause in platform.state.causes if cause.kind is CauseKind.EXERCISE]
