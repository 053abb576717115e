"""What the commands that act on maintenance share: sending the act, and saying what came of it.

Each act carries a key of its own. Where no answer comes it is sent once more under the same key: if the first one was
done, the second is not done again.
"""

import asyncio
from dataclasses import dataclass

import click
from pydantic import BaseModel, ValidationError

from glasswatch.errors import ExitCode, NotMeasured, UsageFault
from monitor import visible
from monitor.commands import client
from monitor.commands.maintenance import showing
from monitor.wire.endpoints import BY_NAME, Endpoint
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
    place = client.reach(sending.given)
    if place.token is None:
        raise UsageFault(f"a token is needed: --token-file FILE, or ${client.TOKEN_VARIABLE}")
    content = asyncio.run(_asked(place, BY_NAME[sending.endpoint], body, sending.window))
    try:
        answer = WindowActAnswer.model_validate_json(content)
    except ValidationError as fault:
        raise NotMeasured(f"what answers at {place.base} is not a monitor of this version") from fault
    _say(answer, as_json=sending.as_json)
    return ExitCode.GOOD


async def _asked(place: client.Reach, endpoint: Endpoint, body: BaseModel, window: str) -> bytes:
    try:
        return await client.ask(place, endpoint, body=body, id=window)
    except NotMeasured:
        return await client.ask(place, endpoint, body=body, id=window)


def _say(answer: WindowActAnswer, *, as_json: bool) -> None:
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
    else:
        waits = "NOT YET DONE, " if answer.outcome == "pending" else ""
        click.echo(f"{visible.line(answer.platform)}: {waits}{visible.line(answer.message)}")
        if answer.window is not None:
            showing.show(answer.window)
    if not answer.recorded:
        click.echo(
            "not recorded yet: the store can't be written. It took effect all the same, and is written as soon as that "
            "works.",
            err=True,
        )
