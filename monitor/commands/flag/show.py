"""`monitor flag show`: asks the running monitor where its flags stand."""

import asyncio
import json
from pathlib import Path

import click

from glasswatch import visible
from glasswatch.errors import ExitCode, UsageFault
from monitor.commands import client, glass, options, status
from monitor.commands.flag import values
from monitor.wire.answers import PlatformAnswer
from monitor.wire.endpoints import BY_NAME


@click.command("show")
@click.argument("platform", callback=values.name, required=False)
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one for each option
    *,
    platform: str | None,
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    as_json: bool,
) -> int:
    """Show where the flag of PLATFORM stands, or of every platform: causes, what holds it closed, what waits.

    This is the monitor's word and proves nothing: only `monitor flag verify` does. Exits 0 when it was shown, 4 when no
    monitor answers.
    """
    place = client.reach(client.Given(config, url, token_file, ca_file))
    answer = status.read(asyncio.run(client.ask(place, BY_NAME["status"])), place.base)
    if place.settings is not None:
        status.is_ours(answer, place.settings)
    shown = [each for each in answer.platforms if platform in (None, each.platform)]
    if not shown:
        known = ", ".join(visible.line(each.platform) for each in answer.platforms)
        raise UsageFault(f"no platform of that name is watched there: expected one of {known}")
    if as_json:
        found = [{"platform": each.platform, **each.break_glass.model_dump(mode="json")} for each in shown]
        click.echo(json.dumps(found, indent=2))
    else:
        for each in shown:
            _show(each)
    return ExitCode.GOOD


def _show(platform: PlatformAnswer) -> None:
    held = platform.break_glass
    since = f", since {held.since:%Y-%m-%d %H:%M:%SZ}" if held.since else ""
    click.echo(f"{visible.line(platform.platform)}  {glass.headline(held)}{since}")
    for line in glass.details(platform.platform, held):
        click.echo(f"  {line}")
    if held.signed_ver is not None:
        click.echo(f"  last signed: version {held.signed_ver}, change {held.change}")
