"""Clean-up: every step that was begun is taken back, last first, whatever happens meanwhile.

- Each undo has a deadline and tries of its own, and one that fails keeps no other from being tried.
- Nothing cuts it short: no signal, no cancellation, no exception of whatever kind. What it can't write down it does all
  the same.
- What can't be taken back is named, with what to do by hand.
"""

import asyncio
from dataclasses import replace
from typing import Final

from drills.model.event import Ended, UndoBegan, UndoEnded
from drills.model.found import Attempt, Found
from drills.model.step import Status
from drills.rules.results import end_of
from drills.rules.undo import by_hand, to_take_back
from drills.runner.drill import Doing, Undo
from drills.runner.steady import regardless, words
from drills.runner.steps import Stage, checkpoint
from drills.runner.trying import Terms, Tried, until_passed

TRIES: Final = 5
_AGAIN: Final = 5
UNDO_SECONDS: Final = 60.0
"""How long the undo of an action may take in all; steps of a scenario's own undo say so themselves."""


async def clean_up(stage: Stage) -> BaseException | None:
    """Take back every step that is to be; return what signing met. Never raises."""
    met: BaseException | None = None
    for step in to_take_back(stage.record.events):
        await stage.record.note(await _whatever_happens(stage, step))
        try:
            await regardless(checkpoint(stage))
        except BaseException as fault:  # noqa: BLE001 - the next undo must be tried whatever signing met
            met = fault
    return met


async def _whatever_happens(stage: Stage, step: str) -> UndoEnded:
    fault: BaseException | None = None
    for _ in range(_AGAIN):
        try:
            return await regardless(_take_back(stage, step))
        except asyncio.CancelledError as told:  # everything was cancelled, as at the loop's own end
            fault = told
        except BaseException as met:  # noqa: BLE001 - the next undo must be tried whatever this one met
            fault = met
            break
    return _left(stage, step, Tried(Found(Status.ERROR, f"a fault: {words(fault)}" if fault else ""), 1))


async def _take_back(stage: Stage, step: str) -> UndoEnded:
    await stage.record.note(UndoBegan(step))
    doing = stage.drill.doings.get(step)
    ended = [await _undone(stage, step, undo) for undo in (doing.undo if doing else ())]
    bad = next((tried for tried in ended if tried.found.status is not Status.PASSED), None)
    if bad is not None or not ended:
        return _left(stage, step, bad or Tried(Found(Status.ERROR, "nothing is known of how it is undone"), 0))
    detail = " ".join(ended[-1].found.detail.split())
    return UndoEnded(step, Status.PASSED, detail, tries=sum(each.tries for each in ended))


async def _undone(stage: Stage, step: str, undo: Undo) -> Tried:
    async def once(seconds: float) -> Found:
        attempt: Attempt = stage.attempt(step if undo.is_own else undo.id, seconds)
        attempt = replace(attempt, ended=_ended(stage, step))
        return await (undo.action.undo(attempt) if undo.is_own else undo.action.act(attempt))

    terms = Terms(undo.within, undo.every, tries=None if undo.every else TRIES)
    return await until_passed(once, terms, stage.outside.clock)


def _ended(stage: Stage, step: str) -> Status | None:
    """Return how a step ended, by the journal."""
    found = end_of(step, stage.record.entries)
    return found.event.status if found is not None and isinstance(found.event, Ended) else None


def _left(stage: Stage, step: str, tried: Tried) -> UndoEnded:
    """Return that a step could not be taken back, and what a person has to do."""
    doing: Doing | None = stage.drill.doings.get(step)
    detail = " ".join(tried.found.detail.split())
    residue = by_hand(step, doing.planned if doing else None, detail)
    return UndoEnded(step, tried.found.status, detail, residue=residue, tries=tried.tries)
