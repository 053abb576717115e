"""`monitor flag inhibit`: asks to hold closed what outages raise, or ends that."""

from datetime import timedelta
from pathlib import Path

import click

from glasswatch.durations import render
from glasswatch.errors import UsageFault
from monitor.commands import client, options
from monitor.commands.flag import acting, values
from monitor.wire.acts import InhibitBody


@click.command("inhibit")
@click.argument("platform", callback=values.name)
@click.option("--reason", callback=values.reason, help="Why, in one line: pages and audit say it.")
@click.option("--for", "span", callback=values.duration, metavar="DURATION", help="For how long: 1h at most, in all.")
@click.option("--end", is_flag=True, help="Hold it closed no longer; one person is enough.")
@options.sure
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one for each option
    *,
    platform: str,
    reason: str | None,
    span: timedelta | None,
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    end: bool,
    is_sure: bool,
    as_json: bool,
) -> int:
    """Hold closed what outages raise on PLATFORM: it always takes another person, who confirms it.

    What people raised stays open. Everybody is paged.

    Exits 0 when it waits for another person, or was ended; 1 when it can't be done as things stand; 4 when no monitor
    answers, or the token is not let in.
    """
    if end and span is not None:
        raise UsageFault("--end ends it at once: expected no --for with it")
    if not end and (span is None or reason is None):
        raise UsageFault("expected --reason and --for, or --end")
    body = InhibitBody(reason=reason, for_seconds=acting.seconds(span), end=end, key=acting.new_key())
    if span is not None:
        what = f"Once another person confirms, an outage opens nothing on {platform} for {render(span)}."
        acting.ask_first(f"{what} Everybody is paged.", is_sure=is_sure)
    given = client.Given(config, url, token_file, ca_file)
    return acting.send(acting.Sending(given, "flag_inhibit", platform, as_json), body)
