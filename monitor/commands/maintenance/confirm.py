"""`monitor maintenance confirm`: is the second person of a window with a start in the past."""

from pathlib import Path

import click

from monitor.commands import client, options
from monitor.commands.flag import acting, values
from monitor.commands.maintenance import sending
from monitor.wire.maintenance import ConfirmWindowBody


@click.command("confirm")
@click.argument("window", metavar="ID", callback=values.name)
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one for each option
    *, window: str, config: Path, url: str | None, token_file: Path | None, ca_file: Path | None, as_json: bool
) -> int:
    """Confirm the window ID, which another person asked for and which starts in the past.

    It takes what was an outage out of the account: look at what it covers first (monitor maintenance list).

    Exits 0 when it counts, 1 when it can't be confirmed, 2 when nothing of that ID waits, 4 when no monitor answers.
    """
    given = client.Given(config, url, token_file, ca_file)
    act = sending.Sending(given, "maintenance_confirm", as_json, window)
    return sending.send(act, ConfirmWindowBody(key=acting.new_key()))
