"""`monitor uses list`: shows uses of break-glass, newest received first."""

import asyncio
from datetime import datetime
from pathlib import Path

import click

from glasswatch.errors import ExitCode
from monitor.commands import client, options
from monitor.commands.flag import values
from monitor.commands.uses import showing
from monitor.wire.endpoints import BY_NAME
from monitor.wire.uses import UsesAnswer, UsesQuery


@click.command("list")
@click.option("--open", "only_open", is_flag=True, help="Only uses that people still have to class.")
@click.option("--platform", metavar="NAME", callback=values.name, help="Only those of one platform.")
@click.option("--since", callback=values.instant, metavar="RFC3339", help="Only what the monitor came to know since.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="At most so many.")
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one parameter an option
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    *,
    only_open: bool,
    platform: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> int:
    """Show uses of break-glass and attempts that were refused, newest received first.

    Exits 1 if a critical one among them is open, 0 if none is, 4 if the monitor can't be asked.
    """
    place = client.reach(client.Given(config, url, token_file, ca_file))
    query = UsesQuery(platform=platform, open=True if only_open else None, since=since, limit=limit)
    content = asyncio.run(client.ask(place, BY_NAME["uses"], query=query))
    answer = client.understood(content, UsesAnswer, place.base)
    if as_json:
        click.echo(answer.model_dump_json(indent=2))
    else:
        for use in answer.uses:
            showing.show(use)
        if not answer.uses:
            click.echo("no uses")
    return ExitCode.FINDING if any(use.critical and use.open for use in answer.uses) else ExitCode.GOOD
