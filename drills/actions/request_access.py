"""The action `request_access`: asks the JIT platform for access as an engineer does, and closes it in its undo.

- What was opened stays open while the run needs it. Its undo closes it, whatever became of the step.
- Another process closes by what the journal holds (ids that may be kept) and by the scenario's `find`: what may have
  been opened and can neither be named nor looked up is named as residue.
- Nothing more is opened while something of an earlier try may be open.
- A refusal is the platform's own: our credential was refused, or the request denied. Let in, it fails.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Final

from drills.journeys import Journeys, told, worth
from drills.model.found import Attempt, Found, Value
from drills.model.step import Status
from drills.ports import Tools
from drills.rules.audit import began_of
from drills.settings.actions.request_access import RequestAccessStep
from glasswatch import visible
from platforms.journey.engine import Left, Trip
from platforms.journey.model import Opening, OpenState, Scalar, Why
from platforms.journey.rules.course import Run

_REFUSALS: Final = frozenset({Why.DENIED, Why.CREDENTIALS})
_PAUSE: Final = 1.0
_SPARE: Final = 1.0
_LONGEST_SHOWN: Final = 80


def make(step: RequestAccessStep, tools: Tools) -> "RequestAccessAction":
    """Return the action. Nobody is asked, no secret is read."""
    return RequestAccessAction(step, tools)


class RequestAccessAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: RequestAccessStep, tools: Tools) -> None:
        self._step = step
        self._clock = tools.clock
        self._journeys = Journeys(step.what, tools)
        self._has_gone = False

    async def act(self, attempt: Attempt) -> Found:
        """Go the journey once."""
        if await self._journeys.book.openings():
            return Found(Status.NOT_MEASURED, "an earlier try may have left something open", can_still=False)
        self._has_gone = True
        async with self._journeys.going(attempt) as going:
            trip = await going.engine.open(Run(attempt.run.id, self._clock.now(), going.values), going.send)
        is_left = bool(await self._journeys.book.openings())
        status, detail = self._judged(trip)
        if status is not Status.PASSED or self._step.refused:
            return Found(status, f"{self._step.what.url}: {detail}", can_still=not is_left)
        captured = {
            name: Value(_text(trip.values[name]), is_secret)
            for name, is_secret in self._step.captures().items()
            if name in trip.values
        }
        return Found(Status.PASSED, f"{self._step.what.url}: {detail}", captured)

    async def undo(self, attempt: Attempt) -> Found:
        """Close what was opened, or may have been."""
        if not self._has_gone:
            await self._remember(attempt)
        ends = self._clock.monotonic() + attempt.seconds - _SPARE
        async with self._journeys.going(attempt) as going:
            while True:
                left = await going.engine.settle(going.values, going.send, most=0)
                is_waited_for = bool(left) and all(each.ending.why is Why.NOTHING_YET for each in left)
                if not is_waited_for or self._clock.monotonic() + _PAUSE >= ends:
                    return self._closed(left)
                await asyncio.sleep(_PAUSE)

    def _judged(self, trip: Trip) -> tuple[Status, str]:
        status, detail = worth(trip.ending), told(trip.ending)
        if not self._step.refused:
            return status, detail
        if trip.ending.why in _REFUSALS:
            return Status.PASSED, f"refused: {detail}"
        if status is Status.PASSED:
            return Status.FAILED, "access was given, expected to be refused"
        return Status.NOT_MEASURED, f"neither given nor refused: {detail}"

    async def _remember(self, attempt: Attempt) -> None:
        """Put on record what another process may have opened: by the scenario, and by what the journal holds."""
        self._has_gone = True
        journey = self._step.what.journey()
        at = began_of(attempt.run.id) or self._clock.now()
        names = sorted(self._step.what.kept() & set(attempt.values))
        kept = {name: json.dumps(attempt.values[name].text) for name in names}
        for place, step in enumerate(step for step in journey.steps if step.undo is not None):
            is_seen = any(capture.name in kept for capture in step.capture)
            state = OpenState.OPEN if is_seen else OpenState.INTENDED
            await self._journeys.book.keep(Opening(attempt.run.id, step.id, at, state, kept, place))

    def _closed(self, left: Sequence[Left]) -> Found:
        if not left:
            return Found(Status.PASSED, f"nothing is open at {self._step.what.url} that it opened")
        statuses = {Status.FAILED if worth(each.ending) is Status.FAILED else Status.NOT_MEASURED for each in left}
        status = Status.FAILED if Status.FAILED in statuses else Status.NOT_MEASURED
        is_lost = all(each.ending.why is Why.LOST_SIGHT for each in left)
        return Found(status, "; ".join(_left(each) for each in left), can_still=not is_lost)


def _left(left: Left) -> str:
    known = ", ".join(f"{name} {visible.line(text)[:_LONGEST_SHOWN]}" for name, text in left.opening.kept.items())
    return f"{left.opening.name}{f' ({known})' if known else ''} is left open: {told(left.ending)}"


def _text(value: Scalar) -> str:
    return value if isinstance(value, str) else json.dumps(value)
