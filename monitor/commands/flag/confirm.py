"""`monitor flag confirm`: is the second person of what another one asked for."""

from pathlib import Path

import click

from monitor.commands import client, options
from monitor.commands.flag import acting, values
from monitor.wire.acts import ConfirmBody


@click.command("confirm")
@click.argument("platform", callback=values.name)
@click.argument("request", callback=values.name)
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one for each option
    *,
    platform: str,
    request: str,
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    as_json: bool,
) -> int:
    """Confirm REQUEST, which another person made on PLATFORM: what they asked for is done.

    Pages and `monitor flag show` name it. It dies 15 minutes after it was made.

    Exits 0 when it is done; 1 when it can't be done as things stand; 2 when no such request waits; 4 when no monitor
    answers, or the token is not let in.
    """
    body = ConfirmBody(request=request, key=acting.new_key())
    given = client.Given(config, url, token_file, ca_file)
    return acting.send(acting.Sending(given, "flag_confirm", platform, as_json), body)
