"""`monitor outages`: what outages are on record, beside a running monitor or without one."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import click

from glasswatch import visible
from glasswatch.errors import ExitCode, UsageFault
from glasswatch.settings.load import load
from monitor.commands import options
from monitor.commands.flag import values
from monitor.commands.store.place import reading_of
from monitor.model.record import OutageQuery
from monitor.model.state import Outage
from monitor.reports import markdown, table, words
from monitor.settings.root import MonitorSettings
from monitor.store.history import read_outages
from monitor.web import shaping
from monitor.wire.answers import OutagesAnswer

_MOST = 1_000_000


@click.command("outages")
@click.argument("platform", required=False, callback=values.name)
@click.option("--since", callback=values.instant, metavar="RFC3339", help="Not those that were over then.")
@click.option("--until", callback=values.instant, metavar="RFC3339", help="Not those that began then or later.")
@click.option("--function", callback=values.name, metavar="NAME", help="Only those that this function was down in.")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not over.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=100, show_default=True, help="At most so many.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, for tickets and wikis.")
@options.config
@options.as_json
def command(  # noqa: PLR0913 - one parameter an option
    config: Path,
    platform: str | None,
    since: datetime | None,
    until: datetime | None,
    function: str | None,
    *,
    only_open: bool,
    limit: int,
    as_csv: bool,
    as_json: bool,
    as_markdown: bool,
) -> int:
    """Show outages on record, newest first, also of platforms that are no longer watched.

    It reads the store, and writes nothing there; the monitor may run or not. Exits 0 when they could be shown, 4 if
    the store can't be read.
    """
    if as_csv + as_json + as_markdown > 1:
        raise UsageFault("expected one of --json, --csv and --markdown")
    settings = load(config, MonitorSettings)
    with reading_of(settings) as reading:
        reading.check()
        query = OutageQuery(platform, since, limit, until, function, only_open)
        found = reading.read(partial(read_outages, vantage=settings.vantage, query=query))
    if as_json:
        click.echo(OutagesAnswer(outages=tuple(shaping.outage(each) for each in found)).model_dump_json(indent=2))
    elif as_csv:
        click.echo(table.outages(found), nl=False)
    elif as_markdown:
        click.echo(markdown.outages(found), nl=False)
    else:
        for line in _lines(found):
            click.echo(visible.line(line))
    return ExitCode.GOOD


def _lines(found: list[Outage]) -> Iterator[str]:
    for each in found:
        lasted = None if each.ended_at is None else (each.ended_at - each.opened_at).total_seconds()
        how_long = "" if lasted is None else f" ({words.seconds(lasted)})"
        yield f"{each.platform}  {words.instant(each.opened_at)} to {words.instant(each.ended_at)}{how_long}"
        yield f"  {words.functions(each)}, found after {words.seconds(each.detection_seconds)}: {each.reason}"
    if not found:
        yield "no outages"
