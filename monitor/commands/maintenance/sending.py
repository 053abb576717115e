"""What the commands that act on maintenance share: sending the act, and saying what came of it."""

from dataclasses import dataclass

import click
from pydantic import BaseModel

from glasswatch import visible
from glasswatch.errors import ExitCode
from monitor.commands import client
from monitor.commands.acted import acted, say_unrecorded
from monitor.commands.maintenance import showing
from monitor.wire.maintenance import WindowActAnswer


@dataclass(frozen=True, slots=True)
class Sending:
    """One act: to which monitor, at which endpoint, on which window, and how its answer is shown."""

    given: client.Given
    endpoint: str
    as_json: bool
    window: str = ""


def send(sending: Sending, body: BaseModel) -> int:
    """Send the act, say what came of it, and return the exit code.

    Raises:
        RequestRefused: the monitor says why not.
        NotMeasured: no monitor answers, or something else does.
    """
    answer = acted(sending.given, sending.endpoint, body, WindowActAnswer, id=sending.window)
    _say(answer, as_json=sending.as_json)
    return ExitCode.GOOD


def _say(answer: WindowActAnswer, *, as_json: bool) -> None:
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
    else:
        waits = "NOT YET DONE, " if answer.outcome == "pending" else ""
        click.echo(f"{visible.line(answer.platform)}: {waits}{visible.line(answer.message)}")
        if answer.window is not None:
            showing.show(answer.window)
    if not answer.recorded:
        say_unrecorded()
