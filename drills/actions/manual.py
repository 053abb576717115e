"""The action `manual`: waits for a person's word.

Where another person than the operator is asked, the answer must come from another login too: whoever types may type any
name. A refusal is a finding. No answer in time is not measured, and so is an answer of somebody who may not give it, or
without the note or the file that is needed: another may come.
"""

from typing import Final

from drills.actions.undoing import unknown
from drills.model.event import Confirmed
from drills.model.found import Attempt, Found
from drills.model.step import Status
from drills.ports import Tools
from drills.runner.requests import own_login
from drills.settings.actions.manual import ManualStep
from glasswatch import visible
from glasswatch.flag.persons import folded

_MOST_ANSWERS: Final = 20  # that count for nothing


def make(step: ManualStep, tools: Tools) -> "ManualAction":
    """Return the action. Nobody is asked yet."""
    return ManualAction(step, tools)


class ManualAction:
    """A `drills.ports.Action`."""

    def __init__(self, step: ManualStep, tools: Tools) -> None:
        self._what = step.what
        self._tools = tools

    async def act(self, attempt: Attempt) -> Found:
        """Ask, until somebody who may has answered, or the time is over."""
        clock = self._tools.clock
        ends = clock.monotonic() + attempt.seconds
        missing, wanted = "", self._wanted()
        for _ in range(_MOST_ANSWERS):
            left = ends - clock.monotonic()
            if left <= 0:
                break
            more = missing or wanted
            ask = f"{self._what.ask} ({more})" if more else self._what.ask
            said = await self._tools.confirmations.answer(attempt.step, ask, left)
            if said is None:
                break
            missing = self._missing(said, attempt.run.operator)
            if not missing:
                return _found(said)
        why = f": {missing}" if missing else ""
        return Found(
            Status.NOT_MEASURED, f"nobody who may has answered within {attempt.seconds:.0f} s{why}", can_still=False
        )

    async def undo(self, attempt: Attempt) -> Found:
        """Say that nothing is taken back: how that is done, the scenario's own steps say."""
        del attempt
        return unknown("what the person did")

    def _wanted(self) -> str:
        """Return what an answer must have, said before anybody gives one; empty if nothing."""
        what = self._what
        said = (
            f"by {' or '.join(what.persons)}" if what.persons else "",
            "by another person than the operator, under another login" if what.not_operator else "",
            "with a note" if what.note else "",
            "with a file" if what.file else "",
        )
        return ", ".join(each for each in said if each)

    def _missing(self, said: Confirmed, operator: str) -> str:
        """Return what makes an answer none; empty if nothing does."""
        what, who = self._what, visible.line(said.person)
        if what.persons and folded(said.person) not in {folded(each) for each in what.persons}:
            return f"{who} is not among those who may confirm it: {', '.join(what.persons)}"
        if what.not_operator and folded(said.person) == folded(operator):
            return f"{who} runs the drill, and another person has to confirm it"
        if what.not_operator and said.login and said.login == own_login():
            return f"{who} answered under the login that runs the drill, {said.login}: it has to be another"
        if not said.is_yes:
            return ""
        if what.note and not said.note.strip():
            return "a note is needed"
        return "a file is needed" if what.file and not said.file_sha256 else ""


def _found(said: Confirmed) -> Found:
    who = visible.line(said.person)
    if not said.is_yes:
        return Found(Status.FAILED, f"{who} says that it is not so", can_still=False)
    return Found(Status.PASSED, f"{who} confirms it")
