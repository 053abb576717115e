"""`monitor probe NAME --forget-residue RUN --because TEXT`: a person says that what a journey left open is gone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import click
from pydantic import ValidationError

from glasswatch import visible
from glasswatch.errors import UsageFault
from glasswatch.settings.load import load
from monitor.commands import client
from monitor.settings.root import MonitorSettings
from monitor.wire.endpoints import BY_NAME
from monitor.wire.residue import GoneAnswer, GoneBody


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said: of which probe (and whose, where that isn't clear), which run's or RUN/STEP's, and why."""

    names: Sequence[str]
    platform: str | None
    what: str
    because: str | None


def forget(given: client.Given, saying: Saying, *, as_json: bool) -> None:
    """Tell the running monitor, and say what it forgot.

    Raises:
        UsageFault: it isn't clear what is meant.
        RequestRefused: the monitor knows of nothing, or the token may not say so.
    """
    if len(saying.names) != 1 or saying.because is None:
        raise UsageFault("--forget-residue: expected one PROBE, and --because with why you know that it is gone")
    (probe,) = saying.names
    run, _, step = saying.what.partition("/")
    try:
        body = GoneBody(run=run, step=step or None, because=saying.because)
    except ValidationError:
        raise UsageFault(
            "--forget-residue: expected RUN or RUN/STEP as it is named, and a reason of one line"
        ) from None
    platform = saying.platform or _platform_of(given, probe)
    place = client.reach(given)
    said = asyncio.run(client.ask(place, BY_NAME["residue_gone"], body=body, platform=platform, probe=probe))
    answer = client.understood(said, GoneAnswer, place.base)
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
        return
    for name in answer.steps:
        click.echo(visible.line(f"{answer.platform}/{answer.probe}: {name} of run {answer.run} is forgotten"))


def _platform_of(given: client.Given, probe: str) -> str:
    settings = load(given.config, MonitorSettings)
    found = [name for name, platform in settings.platforms.items() if probe in platform.probes]
    if len(found) != 1:
        raise UsageFault("--platform: expected the platform whose journey left it open")
    return found[0]
