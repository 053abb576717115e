"""`monitor flag raise`: marks break-glass ready by hand, or lets one of its causes hold for longer."""

from datetime import timedelta
from pathlib import Path

import click

from glasswatch.durations import render
from monitor.commands import client, options
from monitor.commands.flag import acting, values
from monitor.wire.acts import RaiseBody


@click.command("raise")
@click.argument("platform", callback=values.name)
@click.option("--reason", required=True, callback=values.reason, help="Why, in one line: pages and audit say it.")
@click.option(
    "--for", "span", required=True, callback=values.duration, metavar="DURATION", help="For how long, such as 1h."
)
@click.option("--ticket", callback=values.ticket, help="A ticket; it stands in the signed flag.")
@click.option("--renew", callback=values.name, metavar="CAUSE", help="Let this cause hold for longer instead.")
@options.sure
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one for each option
    *,
    platform: str,
    reason: str,
    span: timedelta,
    ticket: str | None,
    renew: str | None,
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    is_sure: bool,
    as_json: bool,
) -> int:
    """Mark break-glass of PLATFORM ready, by hand.

    Everybody is paged. Where the settings ask for two persons (flag.manual_persons) it waits until another one
    confirms it. Nobody renews what they raised, confirmed or renewed last.

    Exits 0 when it is done, or waits for another person; 1 when it can't be done as things stand; 4 when no monitor
    answers, or the token is not let in.
    """
    body = RaiseBody(
        reason=reason, for_seconds=acting.seconds(span) or 0, ticket=ticket, renew=renew, key=acting.new_key()
    )
    what = f"lets {renew} hold" if renew else f"marks break-glass of {platform} READY"
    acting.ask_first(f"This {what} for {render(span)}, and pages everybody.", is_sure=is_sure)
    given = client.Given(config, url, token_file, ca_file)
    return acting.send(acting.Sending(given, "flag_raise", platform, as_json), body)
