"""The action `rotate`: the old credential gets in, a program rotates, the old one is refused and the new one gets in.

- Only a refusal by the target itself proves anything of the old credential, and only since it was seen to work.
- The program is run once. What it takes until a rotation is known everywhere, the checks' own `every` waits for.
- What was captured is given back whatever the checks say, so that it is known as a secret. Where a secret that is to
  be captured was not found, nothing of what was printed is kept.
- A rotation is not taken back. From when the program was begun until the new credential got in the old one may be worth
  nothing, and the new one known to nobody: the undo asks for the new one's access once more, and where that is not had
  it names what may be left. In another process nobody knows whether the program was begun, nor what it printed: there
  a step that did not pass is as one that was cut short.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from drills.actions import command
from drills.model.found import Attempt, Found, Output, Value
from drills.model.step import Status
from drills.ports import Action, Tools
from drills.registries import ACTIONS
from drills.runner.trying import Terms, until_passed
from drills.settings.actions.rotate import RotateStep
from drills.settings.step import StepSettings
from glasswatch.settings.registry import load

_AFTER: Final = ("old_refused", "new_works")
_NOT_BEGUN: Final = Found(Status.PASSED, "nothing was rotated: its program was not begun", can_still=False)
_WHOLE: Final = Found(Status.PASSED, "nothing to put right: the new credential got in", can_still=False)


def make(step: RotateStep, tools: Tools) -> "RotateAction":
    """Return the action. Nothing is run, nobody is asked, no secret is read."""
    return RotateAction(step, tools)


class RotateAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: RotateStep, tools: Tools) -> None:
        self._step = step
        self._clock = tools.clock
        self._program = command.make(step.command_step(), tools)
        self._checks: Mapping[str, Action] = {
            name: load(ACTIONS[each.action].make)(each, tools) for name, each in step.what.checks().items()
        }
        self._was_tried = False
        self._got_in = False
        self._printed: Mapping[str, Value] = {}

    async def act(self, attempt: Attempt) -> Found:
        """Look, rotate once, and look again."""
        self._was_tried = True
        ends = self._clock.monotonic() + attempt.seconds
        before = await self._checked("old_works", attempt, ends)
        if before.status is not Status.PASSED:
            detail = f"not rotated, for the old credential did not get in: {before.detail}"
            return Found(before.status, detail, outputs=before.outputs, can_still=False)
        rotated = await self._program.act(replace(attempt, seconds=ends - self._clock.monotonic()))
        outputs = (*before.outputs, *(rotated.outputs if self._is_all_known(rotated) else ()))
        if rotated.status is not Status.PASSED:
            return replace(rotated, outputs=outputs, can_still=False)
        self._printed = rotated.captured
        given = replace(attempt, values={**attempt.values, **self._printed})
        details = [rotated.detail]
        worst = Status.PASSED
        for name in _AFTER:
            found = await self._checked(name, given, ends)
            outputs = (*outputs, *found.outputs)
            details.append(f"{name}: {found.detail}")
            worst = _worse(worst, found.status)
            self._got_in = name == "new_works" and found.status is Status.PASSED
        return Found(worst, "; ".join(details), rotated.captured, outputs, can_still=False)

    async def undo(self, attempt: Attempt) -> Found:
        """See that the new credential gets in, wherever the program may have been begun."""
        if self._was_tried and not self._program.may_have_run:
            return _NOT_BEGUN
        if self._got_in or attempt.ended is Status.PASSED:
            return _WHOLE
        given = replace(attempt, values={**attempt.values, **self._printed})
        if unknown := sorted(self._step.what.new_works.names() - given.values.keys()):
            names = ", ".join(f"${{{name}}}" for name in unknown)
            return _may_be_open(Status.NOT_MEASURED, f"nobody knows {names} here", can_still=False)
        found = await self._checked("new_works", given, self._clock.monotonic() + attempt.seconds)
        if found.status is Status.PASSED:
            self._got_in = True
            return _WHOLE
        return _may_be_open(found.status, f"new_works: {found.detail}", can_still=found.can_still)

    def _is_all_known(self, rotated: Found) -> bool:
        """Whether every secret that it may have printed is known, so that it can be hidden in what is kept."""
        return {name for name, is_secret in self._step.captures().items() if is_secret} <= rotated.captured.keys()

    async def _checked(self, name: str, attempt: Attempt, ends: float) -> Found:
        step: StepSettings = self._step.what.checks()[name]
        action = self._checks[name]
        left = max(ends - self._clock.monotonic(), 0.0)
        every = step.every.total_seconds() if step.every is not None else None
        terms = Terms(min(step.within.total_seconds(), left), every)
        tried = await until_passed(lambda seconds: action.act(replace(attempt, seconds=seconds)), terms, self._clock)
        outputs = tuple(Output(f"{name}-{each.name}", each.content) for each in tried.found.outputs)
        return replace(tried.found, outputs=outputs)


def _may_be_open(status: Status, why: str, *, can_still: bool) -> Found:
    return Found(status, f"the credential may be rotated and not sealed ({why})", can_still=can_still)


def _worse(one: Status, other: Status) -> Status:
    """Return the one that counts of two: what was seen to be wrong, then a fault of ours, then what nobody knows."""
    order = (Status.FAILED, Status.ERROR, Status.NOT_MEASURED, Status.PASSED)
    return min(one, other, key=order.index)
