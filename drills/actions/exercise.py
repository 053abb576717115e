"""The action `exercise`: has the monitor exercise a platform, or end that, by an id that derives from run and step.

So trying again starts no second one, and whoever takes over the run ends the right one. That it was detected is the
monitor's word, at the instant at which its probes were confirmed bad.
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
            return await self._ended(attempt, f"step {attempt.step} of drill {attempt.run.id}")
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
            return Found(Status.FAILED, f"the monitor refused the exercise: {refused}", can_still=can_still)

    async def undo(self, attempt: Attempt) -> Found:
        """End it; passed once the monitor says that it has ended, or that there is none."""
        if self._step.what.of is not None:
            return NOTHING_TO_TAKE_BACK
        return await self._ended(attempt, f"clean-up of drill {attempt.run.id}")

    async def _ended(self, attempt: Attempt, reason: str) -> Found:
        monitor = monitor_of(self._tools, attempt)
        exercise = self._id(attempt)
        try:
            await monitor.end_exercise(exercise, reason)
        except RequestRefused as refused:
            return Found(Status.FAILED, f"the monitor refused to end the exercise {exercise}: {refused}")
        found = await monitor.exercise(exercise)
        if found is None:
            return Found(Status.PASSED, f"there is no exercise {exercise}")
        if found.state == "ended":
            return Found(Status.PASSED, f"the exercise {exercise} has ended", at=found.ended)
        return Found(Status.FAILED, f"the exercise {exercise} is {found.state}, expected ended")

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
