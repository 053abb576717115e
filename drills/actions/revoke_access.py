"""The action `revoke_access`: ends access at the JIT platform, and sees that it is refused from then on.

It opens nothing. If it fails, whatever asked for the access closes it in its undo.
"""

from drills.actions.undoing import NOTHING_TO_TAKE_BACK
from drills.journeys import Journeys, told, worth
from drills.model.found import Attempt, Found
from drills.ports import Tools
from drills.settings.actions.revoke_access import RevokeAccessStep
from platforms.journey.rules.course import Run


def make(step: RevokeAccessStep, tools: Tools) -> "RevokeAccessAction":
    """Return the action. Nobody is asked, no secret is read."""
    return RevokeAccessAction(step, tools)


class RevokeAccessAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: RevokeAccessStep, tools: Tools) -> None:
        self._step = step
        self._clock = tools.clock
        self._journeys = Journeys(step.what, tools)

    async def act(self, attempt: Attempt) -> Found:
        """Go the journey once."""
        async with self._journeys.going(attempt) as going:
            trip = await going.engine.open(Run(attempt.run.id, self._clock.now(), going.values), going.send)
        return Found(worth(trip.ending), f"{self._step.what.url}: {told(trip.ending)}")

    async def undo(self, attempt: Attempt) -> Found:
        """Nothing."""
        del attempt
        return NOTHING_TO_TAKE_BACK
