"""Steps made from settings as a scenario has them, and what their actions are given."""

import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from drills.errors import DrillFault
from drills.model.event import Confirmed
from drills.model.found import Attempt, Found, RunFacts, Value
from drills.ports import Action, Tools
from drills.registries import ACTIONS
from drills.settings.root import DrillSettings
from drills.settings.step import StepSettings
from glasswatch.clock import SystemClock
from glasswatch.errors import NotMeasured, SecretUnavailable
from glasswatch.secrets import SecretReference
from glasswatch.settings.registry import load, model_of

SECRET = "planted-s3cret-7f"
RUN = RunFacts("outage-20260301t030000z-abcdef", "outage", "payments", "anna", "prod")
TOKEN = {"env": "PLANTED"}


@dataclass
class Answers:
    """Confirmations in the order in which they come; None is silence."""

    given: deque[Confirmed | None] = field(default_factory=deque)
    asked: list[str] = field(default_factory=list)

    async def answer(self, step: str, ask: str, within_seconds: float) -> Confirmed | None:
        """Return the next."""
        self.asked.append(ask)
        return self.given.popleft() if self.given else None


def secret_of(reference: SecretReference) -> Value:
    """Return the one secret there is; a file's own content."""
    if reference.file is not None:
        return Value(reference.file.read_text(), is_secret=True)
    if reference.env == "MISSING":
        raise SecretUnavailable(f"secret from {reference}: it is not set")
    return Value(SECRET, is_secret=True)


def tools(directory: Path, answers: Answers | None = None, clock: Any = None, **drill: object) -> Tools:
    """Return what actions are made with; `drill` are settings of that section."""
    settings = DrillSettings.model_validate(drill)
    return Tools(clock or SystemClock(), settings, directory, answers or Answers(), secret_of)


def step_of(action: str, **settings: object) -> StepSettings:
    """Return a step's settings, read by the model that the registry names."""
    given = {name.rstrip("_"): value for name, value in settings.items()}
    return cast(
        "StepSettings", model_of(ACTIONS[action].settings).model_validate({"id": "it", "action": action, **given})
    )


def made(step: StepSettings, given: Tools) -> Action:
    """Return the step's action, by the maker that the registry names."""
    return cast("Action", load(ACTIONS[step.action].make)(step, given))


def attempt(
    values: Mapping[str, str] | None = None, seconds: float = 20.0, since: datetime | None = None, step: str = "it"
) -> Attempt:
    """Return one try."""
    named = {"run": Value(RUN.id), **{name: Value(text) for name, text in (values or {}).items()}}
    return Attempt(RUN, step, named, seconds, since)


async def outcome(action: Action, given: Attempt, *, is_undo: bool = False) -> Found:
    """Return what a try found, as the runner takes it: what can't be told is not measured."""
    from drills.model.step import Status  # noqa: PLC0415 - a test's own shorthand

    try:
        return await (action.undo(given) if is_undo else action.act(given))
    except (NotMeasured, SecretUnavailable) as fault:
        return Found(Status.NOT_MEASURED, str(fault))
    except DrillFault as fault:
        return Found(Status.ERROR, str(fault))


def children() -> set[int]:
    """Return the processes that this one started and that are there still: also those of other tests' fixtures."""
    while True:
        try:
            told = [(task / "children").read_text() for task in Path("/proc/self/task").iterdir()]
        except (FileNotFoundError, ProcessLookupError):
            continue  # a thread ended meanwhile: what it had started is another's now
        return {int(pid) for each in told for pid in each.split()}


def is_running(pid: int) -> bool:
    """Whether a process is there, and no mere entry that nobody took note of."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
