"""What the commands that act on a flag share: sending the act, and saying what came of it.

1. Each act is sent once, however often that takes (`monitor.commands.acted`).
2. On a terminal, what opens or closes production for everybody is said and asked first.
3. Done and waiting for a second person both end with 0, each in a line that says which.
"""

import sys
import uuid
from dataclasses import dataclass
from datetime import timedelta

import click
from pydantic import BaseModel

from glasswatch import visible
from glasswatch.durations import render
from glasswatch.errors import ExitCode
from monitor.commands import client, glass
from monitor.commands.acted import acted, say_unrecorded
from monitor.wire.acts import LONGEST_SPAN
from monitor.wire.answers import ActAnswer

_LEAST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Sending:
    """One act: to which monitor, at which endpoint, on which platform, and how its answer is shown."""

    given: client.Given
    endpoint: str
    platform: str
    as_json: bool


def new_key() -> str:
    """Return a name that no other act has."""
    return uuid.uuid4().hex


def seconds(span: timedelta | None) -> int | None:
    """Return a duration as it is sent: in whole seconds.

    Raises:
        BadParameter: it is finer, or longer than can be sent.
    """
    if span is None:
        return None
    if span % _LEAST:
        raise click.BadParameter("expected whole seconds, such as 30m or 1h", param_hint="--for")
    if span > LONGEST_SPAN:
        raise click.BadParameter(f"expected a duration of at most {render(LONGEST_SPAN)}", param_hint="--for")
    return span // _LEAST


def ask_first(sentence: str, *, is_sure: bool) -> None:
    """Say what will happen and ask, where somebody sits at a terminal and has not said `--yes`.

    Raises:
        Abort: the answer was no.
    """
    if not is_sure and sys.stdin.isatty() and sys.stderr.isatty():
        click.confirm(f"{sentence}\nGo on?", abort=True, err=True)


def send(sending: Sending, body: BaseModel) -> int:
    """Send the act, say what came of it, and return the exit code.

    Raises:
        RequestRefused: the monitor says why not.
        NotMeasured: no monitor answers, or something else does.
    """
    answer = acted(sending.given, sending.endpoint, body, ActAnswer, platform=sending.platform)
    _say(answer, as_json=sending.as_json)
    return ExitCode.GOOD


def _say(answer: ActAnswer, *, as_json: bool) -> None:
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
    else:
        platform = visible.line(answer.platform)
        waits = "NOT YET DONE, " if answer.outcome == "pending" else ""
        click.echo(f"{platform}: {waits}{visible.line(answer.message)}")
        click.echo(f"  {glass.headline(answer.break_glass)}")
        for line in glass.details(answer.platform, answer.break_glass):
            click.echo(f"  {line}")
    if not answer.recorded:
        say_unrecorded()
