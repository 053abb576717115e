"""The action `wait`: lets time pass."""

import asyncio

from drills.actions.undoing import NOTHING_TO_TAKE_BACK
from drills.model.found import Attempt, Found
from drills.model.step import Status
from drills.ports import Tools
from drills.settings.actions.wait import WaitStep
from glasswatch.durations import render


def make(step: WaitStep, tools: Tools) -> "WaitAction":
    """Return the action."""
    del tools
    return WaitAction(step)


class WaitAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: WaitStep) -> None:
        self._step = step

    async def act(self, attempt: Attempt) -> Found:
        """Wait."""
        del attempt
        lasts = self._step.what.lasts
        await asyncio.sleep(lasts.total_seconds())
        return Found(Status.PASSED, f"waited for {render(lasts)}")

    async def undo(self, attempt: Attempt) -> Found:
        """Nothing."""
        del attempt
        return NOTHING_TO_TAKE_BACK
