"""`monitor maintenance list`: shows maintenance windows."""

import asyncio
from datetime import datetime
from pathlib import Path

import click

from glasswatch.errors import ExitCode
from monitor.commands import client, options
from monitor.commands.flag import values
from monitor.commands.maintenance import showing
from monitor.wire.endpoints import BY_NAME
from monitor.wire.maintenance import MaintenanceAnswer, MaintenanceQuery


@click.command("list")
@click.option("--platform", metavar="NAME", callback=values.name, help="Only those of one platform.")
@click.option("--over", is_flag=True, help="Those that are over as well.")
@click.option("--since", callback=values.instant, metavar="RFC3339", help="Not those that were over then.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many.")
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one parameter an option
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    *,
    platform: str | None,
    over: bool,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> int:
    """Show maintenance windows: what waits for somebody first, then what is in force, and what comes.

    Exits 0 when it could be shown, 4 if the monitor can't be asked.
    """
    place = client.reach(client.Given(config, url, token_file, ca_file))
    query = MaintenanceQuery(platform=platform, over=over, since=since, limit=limit)
    content = asyncio.run(client.ask(place, BY_NAME["maintenance"], query=query))
    answer = client.understood(content, MaintenanceAnswer, place.base)
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
    else:
        for window in answer.windows:
            showing.show(window)
        if not answer.windows:
            click.echo("no windows")
    return ExitCode.GOOD
