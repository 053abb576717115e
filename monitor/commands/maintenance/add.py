"""`monitor maintenance add`: agrees to a window, once or again and again."""

from datetime import datetime, timedelta
from pathlib import Path

import click

from glasswatch.errors import UsageFault
from monitor.commands import client, options
from monitor.commands.flag import acting, values
from monitor.commands.maintenance import scope, sending
from monitor.wire.maintenance import LONGEST_SECONDS, AddBody


@click.command("add")
@click.argument("platform", callback=values.name)
@click.option("--reason", required=True, callback=values.reason, help="Why, in one line: record and pages say it.")
@click.option("--start", callback=values.instant, metavar="RFC3339", help="When it begins, if not now.")
@click.option(
    "--end", callback=values.instant, metavar="RFC3339", help="When it is over; of one that comes back, for good."
)
@click.option("--for", "span", callback=values.duration, metavar="DURATION", help="How long it lasts, such as 2h.")
@click.option(
    "--day", "days", multiple=True, metavar="DAY", help="Comes back on: daily, tuesday, first tuesday, last day."
)
@click.option("--at", metavar="HH:MM", help="Local time of day at which it begins there.")
@click.option("--timezone", metavar="ZONE", help="Whose days and times of day, such as Europe/Berlin.")
@scope.scoped
@options.reaching
@options.as_json
def command(  # noqa: PLR0913 - one for each option
    *,
    platform: str,
    reason: str,
    start: datetime | None,
    end: datetime | None,
    span: timedelta | None,
    days: tuple[str, ...],
    at: str | None,
    timezone: str | None,
    functions: tuple[str, ...],
    probes: tuple[str, ...],
    is_long: bool,
    config: Path,
    url: str | None,
    token_file: Path | None,
    ca_file: Path | None,
    as_json: bool,
) -> int:
    """Agree to a maintenance window of PLATFORM.

    Once: with --end or --for. Again and again: with --day (repeatable), --at, --timezone and --for. In a window an
    outage is a ticket, until it outlasts the window; verdict and break-glass flag are as ever. A window with a start in
    the past waits until another person confirms it.

    Exits 0 when it is agreed, or waits for another person; 1 when it can't be agreed as things stand; 4 when no monitor
    answers, or the token is not let in.
    """
    seconds = _seconds(span)
    again = (days, at, timezone)
    if any(again) and not (all(again) and seconds):
        raise UsageFault("a window that comes back needs --day, --at, --timezone and --for")
    calendar = {"days": days, "at": at, "lasts_seconds": seconds, "timezone": timezone} if any(again) else None
    members: dict[str, object] = {
        "platform": platform,
        "reason": reason,
        "start": start,
        "end": end,
        "for_seconds": None if calendar else seconds,
        "calendar": calendar,
        "functions": functions,
        "probes": probes,
        "long": is_long,
        "key": acting.new_key(),
    }
    given = client.Given(config, url, token_file, ca_file)
    return sending.send(sending.Sending(given, "maintenance_add", as_json), scope.made(AddBody, members))


def _seconds(span: timedelta | None) -> int | None:
    if span is None:
        return None
    if span % timedelta(seconds=1) or span > timedelta(seconds=LONGEST_SECONDS):
        raise click.BadParameter("expected whole seconds, and 31 days at most", param_hint="--for")
    return span // timedelta(seconds=1)
