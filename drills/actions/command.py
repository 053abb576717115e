"""The action `command`: runs a program that dies with the drill, and judges how it ended.

What can't be run, is over its time, prints too much, is ended by a signal or leaves something that can't be ended is
not measured. A refusal is one of the statuses that the scenario states; status 0 is being let in, and any other status
is neither.
"""

from drills import credentials, tethered
from drills.actions import printed
from drills.actions.undoing import unknown
from drills.model.found import Attempt, Found
from drills.model.step import Status
from drills.ports import Tools
from drills.rules import fill
from drills.settings.actions.command import RUN_VARIABLE, CommandStep
from glasswatch import programs
from glasswatch.errors import NotMeasured
from glasswatch.secrets import SecretReference


def make(step: CommandStep, tools: Tools) -> "CommandAction":
    """Return the action. Nothing is run, no secret is read."""
    return CommandAction(step, tools)


class CommandAction:
    """A `drills.ports.Action`. `may_have_run`: from when the program was begun, whatever came of it."""

    def __init__(self, step: CommandStep, tools: Tools) -> None:
        self.may_have_run = False
        self._step = step
        self._tools = tools

    async def act(self, attempt: Attempt) -> Found:
        """Run the program once."""
        what = self._step.what
        argv = fill.argv(what.argv, attempt.values)
        environment = {name: await self._given(value, attempt) for name, value in what.env.items()}
        environment[RUN_VARIABLE] = attempt.run.id
        data = (await self._given(what.stdin, attempt)).encode() if what.stdin is not None else b""
        seconds = min(attempt.seconds, what.timeout.total_seconds())
        self.may_have_run = True
        try:
            ended = await tethered.run(argv, data, environment, seconds)
        except TimeoutError:
            raise NotMeasured(f"{argv[0]} did not end within {seconds:g} s, and was killed") from None
        except tethered.NotStarted:
            self.may_have_run = False
            raise
        except ValueError:
            self.may_have_run = False
            raise NotMeasured(f"{argv[0]} was not started: a value holds what no program can be given") from None
        return self._judged(ended)

    async def undo(self, attempt: Attempt) -> Found:
        """Say that nothing is taken back: how that is done, the scenario's own steps say."""
        del attempt
        return unknown("what the program did")

    async def _given(self, value: str | SecretReference, attempt: Attempt) -> str:
        if isinstance(value, SecretReference):
            return await credentials.read(self._tools.secret, value)
        return fill.put(value, attempt.values)

    def _judged(self, ended: tethered.Ended) -> Found:
        outputs = printed.outputs_of(ended.stdout, ended.stderr)
        status, detail = self._worth(ended)
        if status is not Status.PASSED or self._step.refused:
            return Found(status, detail, outputs=outputs)
        return printed.captured(self._step.capture, ended.stdout, detail, outputs)

    def _worth(self, ended: tethered.Ended) -> tuple[Status, str]:
        how = programs.how_it_ended(ended.status)
        if ended.left:
            return Status.NOT_MEASURED, f"{how}, and left processes that can't be ended: {printed.listed(ended.left)}"
        if ended.status < 0:
            return Status.NOT_MEASURED, how
        is_refused = self._step.refused
        if ended.status not in self._step.expect.status:
            return self._unexpected(ended.status, how)
        objection = printed.objection(self._step.expect, ended.stdout)
        if objection:
            return Status.NOT_MEASURED if is_refused else Status.FAILED, f"{how}, but {objection}"
        return Status.PASSED, f"refused: {how}" if is_refused else how

    def _unexpected(self, status: int, how: str) -> tuple[Status, str]:
        wanted = " or ".join(str(each) for each in self._step.expect.status)
        if not self._step.refused:
            return Status.FAILED, f"{how}, expected {wanted}"
        if status == 0:
            return Status.FAILED, f"let in: {how}, expected to be refused with {wanted}"
        return Status.NOT_MEASURED, f"{how}, which is neither a refusal ({wanted}) nor being let in"
