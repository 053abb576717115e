"""`monitor maintenance end`: ends a window, declines a proposal, or takes back what waits."""

from pathlib import Path

import click

from monitor.commands import client, options
from monitor.commands.flag import acting, values
from monitor.commands.maintenance import sending
from monitor.wire.maintenance import EndBody


@click.command("end")
@click.argument("window", metavar="ID", callback=values.name)
@click.option("--reason", required=True, callback=values.reason, help="Why, in one line.")
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one for each option
    *,
    window: str,
    reason: str,
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    as_json: bool,
) -> int:
    """End the window ID from now on, decline the proposal ID, or take back the request ID.

    An outage that was quiet because of the window pages at once. What was agreed for the time before stays agreed.

    Exits 0 when it is done, 1 when there is nothing to end, 2 when there is nothing of that ID, 4 when no monitor
    answers.
    """
    given = client.Given(config, url, token_file, ca_file)
    act = sending.Sending(given, "maintenance_end", as_json, window)
    return sending.send(act, EndBody(reason=reason, key=acting.new_key()))
