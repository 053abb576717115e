"""`monitor flag lower`: ends what people and drills raised."""

from pathlib import Path

import click

from monitor.commands import client, options
from monitor.commands.flag import acting, values
from monitor.wire.acts import LowerBody


@click.command("lower")
@click.argument("platform", callback=values.name)
@click.option("--reason", required=True, callback=values.reason, help="Why, in one line: pages and audit say it.")
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one for each option
    *,
    platform: str,
    reason: str,
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    as_json: bool,
) -> int:
    """End what people and drills raised on PLATFORM.

    What an outage raises stays: two persons can hold it closed, see monitor flag inhibit.

    Exits 0 when it is done; 1 when there is nothing to lower; 4 when no monitor answers, or the token is not let in.
    """
    body = LowerBody(reason=reason, key=acting.new_key())
    given = client.Given(config, url, token_file, ca_file)
    return acting.send(acting.Sending(given, "flag_lower", platform, as_json), body)
