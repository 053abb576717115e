"""One step of a run: its intent written, done, its result written. And what steps tell each other: values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from drills.model.event import Began, Checkpoint, Ended
from drills.model.found import Attempt, Found, Value
from drills.model.step import PlannedStep, Status
from drills.ports import Action
from drills.rules.course import began_at
from drills.runner.drill import Doing, Drill
from drills.runner.outside import Outside
from drills.runner.record import Record
from drills.runner.telling import Telling
from drills.runner.trying import Terms, Tried, until_passed

_NOT_KEPT: Final = "what it answered is not kept, because a secret that was to be captured may stand in it"


@dataclass(slots=True)
class Stage:
    """What the pieces of a running drill share: the drill, its journal, its values so far, and the world outside."""

    drill: Drill
    record: Record
    telling: Telling
    outside: Outside
    values: dict[str, Value]

    def attempt(self, step: str, seconds: float) -> Attempt:
        """Return what an action is given for one try."""
        since = began_at(self.drill.steps, self.record.entries)
        return Attempt(self.drill.facts, step, dict(self.values), seconds, since)


async def begin(stage: Stage, doing: Doing) -> None:
    """Write down that a step is about to be done."""
    await stage.record.write(Began(doing.planned.id, has_undo=bool(doing.undo)))


async def do(stage: Stage, doing: Doing) -> None:
    """Do a step that was begun, and write down what came of it.

    Raises:
        EvidenceUnwritable: that could not be written.
    """
    id_ = doing.planned.id
    tried = await _tried(stage, id_, doing.action, Terms(doing.within, doing.every))
    found = tried.found
    secrets = _take_over(stage, found.captured)
    # A secret that was not found can't be hidden either: what it may stand in is not kept.
    is_clear = doing.secrets <= found.captured.keys()
    outputs = [await stage.record.keep(output) for output in (found.outputs if is_clear else ())]
    ended = Ended(
        step=id_,
        status=_status(found, doing.planned),
        detail=_line(found.detail if is_clear or not found.outputs else f"{found.detail}; {_NOT_KEPT}"),
        captured={name: value.text for name, value in found.captured.items() if not value.is_secret},
        secrets=secrets,
        outputs=tuple(outputs),
        tries=tried.tries,
        happened_at=found.at,
    )
    await stage.record.write(ended)
    await checkpoint(stage)


async def checkpoint(stage: Stage) -> None:
    """Have all that was written so far signed, which the journal does, and the witnesses told."""
    stage.telling.tell(await stage.record.write(Checkpoint("")))


def journalled(record: Record) -> Mapping[str, Value]:
    """Return the values that earlier steps captured, as the journal holds them: those that are no secret."""
    return {
        name: Value(text)
        for event in record.events
        if isinstance(event, Ended)
        for name, text in event.captured.items()
    }


async def _tried(stage: Stage, step: str, action: Action, terms: Terms) -> Tried:
    return await until_passed(lambda seconds: action.act(stage.attempt(step, seconds)), terms, stage.outside.clock)


def _take_over(stage: Stage, captured: Mapping[str, Value]) -> tuple[str, ...]:
    """Have what was captured used by later steps; return which of it is secret. That is hidden before anything is."""
    for value in captured.values():
        if value.is_secret:
            stage.outside.hide(value)
    stage.values.update(captured)
    return tuple(name for name, value in captured.items() if value.is_secret)


def _status(found: Found, planned: PlannedStep) -> Status:
    """Return what the step's end counts as: what was not done on the real thing is simulated, however well it went."""
    is_done = found.status is Status.PASSED
    return Status.SIMULATED if is_done and not planned.is_real else found.status


def _line(text: str) -> str:
    return " ".join(text.split())
