"""What all commands that act on a monitor share: sending the act, and taking in its answer.

Each act carries a key of its own. Where no answer comes it is sent once more under the same key: if the first one was
done, the second is not done again.
"""

import asyncio

import click
from pydantic import BaseModel

from glasswatch.errors import NotMeasured, UsageFault
from monitor.commands import client
from monitor.commands.client import Answer
from monitor.wire.endpoints import BY_NAME, Endpoint


def acted(given: client.Given, endpoint: str, body: BaseModel, kind: type[Answer], **places: str) -> Answer:
    """Send an act and return its answer. `places` fill the endpoint's path.

    Raises:
        UsageFault: there is no token to present.
        RequestRefused: the monitor says why not.
        NotMeasured: no monitor answers, or something else does.
    """
    place = client.reach(given)
    if place.token is None:
        raise UsageFault(f"a token is needed: --token-file FILE, or ${client.TOKEN_VARIABLE}")
    content = asyncio.run(_asked(place, BY_NAME[endpoint], body, places))
    return client.understood(content, kind, place.base)


def say_unrecorded() -> None:
    """Say that an act took effect and is not on record yet."""
    click.echo(
        "not recorded yet: the store can't be written. It took effect all the same, and is written as soon as that "
        "works.",
        err=True,
    )


async def _asked(place: client.Reach, endpoint: Endpoint, body: BaseModel, places: dict[str, str]) -> bytes:
    try:
        return await client.ask(place, endpoint, body=body, query=None, **places)
    except NotMeasured:
        return await client.ask(place, endpoint, body=body, query=None, **places)
