"""The action `exercise`: has the monitor exercise a platform, or end that, by an id that derives from run and step.

So trying again starts no second one, and whoever takes over the run ends the right one. That it was detected is the
monitor's word, at the instant at which its probes were confirmed bad. A step that ends it fails where something else
had ended it before, a real outage, say: then it was not exercised to its end. Taking it back is done in either case.
"""

from typing import Final

from drills.actions.asked import monitor_of
from drills.actions.undoing import NOTHING_TO_TAKE_BACK
from drills.errors import RequestRefused
from drills.model.found import Attempt, Found
from drills.model.step import Status
from drills.ports import Tools
from drills.rules.exercise import exercise_id
from drills.settings.actions.exercise import ExerciseStep
from glasswatch import visible
from monitor.wire.exercises import ExerciseAnswer, ExerciseBody

_PASSING: Final = "not_possible"  # it may be otherwise a moment later
_PAUSE_SECONDS: Final = 5.0
"""Between refusals: each asking is one of the 60 writes that a token may make in a minute, and ending it is one too."""


def make(step: ExerciseStep, tools: Tools) -> "ExerciseAction":
    """Return the action. Nothing is asked yet."""
    return ExerciseAction(step, tools)


class ExerciseAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: ExerciseStep, tools: Tools) -> None:
        self._step = step
        self._tools = tools

    async def act(self, attempt: Attempt) -> Found:
        """Start it, or find it started; look how it stands; or end it."""
        if self._step.what.end:
            return await self._end(attempt)
        monitor = monitor_of(self._tools, attempt)
        exercise = self._id(attempt)
        if self._step.what.of is not None:
            found = await monitor.exercise(exercise)
            if found is None:
                why = f"the monitor knows no exercise of step {self._step.what.of}"
                return Found(Status.FAILED, why, can_still=False)
            return self._judged(found)
        try:
            return self._judged(await monitor.start_exercise(self._body(attempt, exercise)))
        except RequestRefused as refused:
            can_still = refused.code == _PASSING
            why = f"the monitor refused the exercise: {refused}"
            return Found(Status.FAILED, why, can_still=can_still, pause=_PAUSE_SECONDS)

    async def undo(self, attempt: Attempt) -> Found:
        """End it; passed once the monitor says that it has ended, or that there is none."""
        if self._step.what.of is not None:
            return NOTHING_TO_TAKE_BACK
        found = await self._asked_to_end(attempt, f"clean-up {_of(attempt)}")
        if isinstance(found, Found):
            return found
        if found is None:
            return Found(Status.PASSED, f"there is no exercise {self._id(attempt)}")
        return Found(Status.PASSED, _told(found, attempt), at=found.ended)

    async def _end(self, attempt: Attempt) -> Found:
        found = await self._asked_to_end(attempt, f"step {attempt.step} {_of(attempt)}")
        if isinstance(found, Found):
            return found
        if found is None:
            why = f"the monitor knows no exercise of step {self._step.what.of}"
            return Found(Status.FAILED, why, can_still=False)
        if not _is_ours(found, attempt):
            return Found(Status.FAILED, _told(found, attempt), at=found.ended, can_still=False)
        return Found(Status.PASSED, _told(found, attempt), at=found.ended)

    async def _asked_to_end(self, attempt: Attempt, reason: str) -> ExerciseAnswer | Found | None:
        """Return the exercise once it has ended, None where there is none; else what is in the way."""
        monitor = monitor_of(self._tools, attempt)
        exercise = self._id(attempt)
        try:
            await monitor.end_exercise(exercise, reason)
        except RequestRefused as refused:
            return Found(Status.FAILED, f"the monitor refused to end the exercise {exercise}: {refused}")
        found = await monitor.exercise(exercise)
        if found is not None and found.state != "ended":
            return Found(Status.FAILED, f"the exercise {exercise} is {found.state}, expected ended")
        return found

    def _id(self, attempt: Attempt) -> str:
        return exercise_id(attempt.run.id, self._step.what.of or attempt.step)

    def _body(self, attempt: Attempt, exercise: str) -> ExerciseBody:
        what = self._step.what
        return ExerciseBody.model_validate(
            {
                "id": exercise,
                "run": attempt.run.id,
                "platform": what.platform or attempt.run.platform,
                "principals": what.principals,
                "targets": what.targets,
                "for_seconds": int(what.lasts.total_seconds()),
                "probes_see": what.probes_see,
                "ticket": what.ticket,
                "reason": f"drill {attempt.run.scenario}",
            }
        )

    def _judged(self, found: ExerciseAnswer) -> Found:
        wanted = self._step.expect.state
        name = f"the exercise {found.id}"
        if found.state == "ended":
            why = f": {visible.line(found.why)}" if found.why else ""
            return Found(Status.FAILED, f"{name} has ended{why}, expected {wanted}", can_still=False)
        if wanted == "running":
            return Found(Status.PASSED, f"{name} runs since {found.began:%H:%M:%S}Z", at=found.began)
        if found.detected is None:
            return Found(Status.FAILED, f"{name} runs, and is not detected yet")
        seconds = f" after {found.detection_seconds:.1f} s" if found.detection_seconds is not None else ""
        return Found(Status.PASSED, f"{name} was detected{seconds}", at=found.detected)


def _of(attempt: Attempt) -> str:
    return f"of drill {attempt.run.id}"


def _is_ours(ended: ExerciseAnswer, attempt: Attempt) -> bool:
    """Whether this run had it ended: the monitor repeats the reason that it was given."""
    return ended.why.endswith(_of(attempt))


def _told(ended: ExerciseAnswer, attempt: Attempt) -> str:
    if _is_ours(ended, attempt):
        return f"the exercise {ended.id} has ended"
    return f"the exercise {ended.id} had ended before: {visible.line(ended.why)}"
