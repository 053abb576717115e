"""A scenario made ready to run: its steps with their actions, and how each is taken back.

Only here does a scenario become something that acts. It is the approved file that is made ready, for a run that is
resumed as well: nothing that stands in a run's directory is ever done.
"""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from drills.model.event import Opened
from drills.model.found import RunFacts, Value
from drills.planning import planned_steps
from drills.ports import Action, Tools
from drills.registries import ACTIONS
from drills.runner.cleanup import UNDO_SECONDS
from drills.runner.drill import Doing, Drill, Undo
from drills.scenarios import Scenario
from drills.settings.step import StepSettings
from glasswatch.settings.registry import load

LONGEST_ID: Final = 63
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_RANDOM: Final = 6
_SLACK: Final = timedelta(minutes=10)
_LONGEST: Final = timedelta(hours=23, minutes=50)  # the monitor takes a day at most


def run_id(scenario: str, at: datetime) -> str:
    """Return a name for a run that no other has: the scenario, the second, and a few random letters."""
    end = f"-{at:%Y%m%dt%H%M%S}z-{''.join(secrets.choice(_LETTERS) for _ in range(_RANDOM))}"
    return f"{_stem(scenario, LONGEST_ID - len(end))}{end}"


def may_be_of(run: str, scenario: str) -> bool:
    """Whether a run's name may have been made for this scenario."""
    stem, *end = run.rsplit("-", 2)
    return len(end) == 2 and stem == _stem(scenario, LONGEST_ID - len(run) + len(stem))  # noqa: PLR2004 - when, letters


def _stem(scenario: str, most: int) -> str:
    name = re.sub("[^a-z0-9]+", "-", scenario.lower()).strip("-") or "drill"
    return name[:most].rstrip("-")


def until(scenario: Scenario, now: datetime) -> datetime:
    """Return when a run that begins now must be over at the latest, clean-up included."""
    found = scenario.settings
    undone = timedelta(seconds=UNDO_SECONDS) * sum(bool(step.undo_line) for step in found.steps)
    return now + min(found.longest + undone + _SLACK, _LONGEST)


def make(scenario: Scenario, opening: Opened, facts: RunFacts, values: Mapping[str, Value], tools: Tools) -> Drill:
    """Return the drill: every action is made, and nothing is done yet."""
    planned = {step.id: step for step in planned_steps(scenario.settings)}
    doings = {}
    for step in scenario.settings.steps:
        action = _action(step, tools)
        every = step.every.total_seconds() if step.every is not None else None
        secret = frozenset(name for name, is_secret in step.captures().items() if is_secret)
        undo = _undo(step, action, tools)
        doings[step.id] = Doing(planned[step.id], action, step.within.total_seconds(), every, undo, secret)
    given = {**values, "run": Value(facts.id)}
    return Drill(facts, opening, doings, until(scenario, tools.clock.now()), given)


def _undo(step: StepSettings, action: Action, tools: Tools) -> tuple[Undo, ...]:
    """Return how a step is taken back: by the scenario's own steps; else by the action itself, where it can."""
    if step.undo:
        return tuple(
            Undo(
                each.id,
                _action(each, tools),
                each.within.total_seconds(),
                each.every.total_seconds() if each.every is not None else None,
            )
            for each in step.undo_steps()
        )
    if not step.undo_line:
        return ()
    return (Undo(step.id, action, max(step.within.total_seconds(), UNDO_SECONDS), is_own=True),)


def _action(step: StepSettings, tools: Tools) -> Action:
    made: Action = load(ACTIONS[step.action].make)(step, tools)
    return made
