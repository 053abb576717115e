"""`monitor sla`: what availability was, from what is on record, beside a running monitor or without one."""

from collections.abc import Sequence
from pathlib import Path

import click

from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode, NotMeasured, UsageFault, worst
from glasswatch.files import replace
from glasswatch.settings.load import load
from monitor.commands import options
from monitor.commands.flag import values
from monitor.commands.store.place import reading_of
from monitor.reports import markdown, page, shaping, table, text
from monitor.reports.making import Asked, Maker
from monitor.rules.periods import current, named
from monitor.rules.slavalues import SlaReport, Standing
from monitor.settings.root import MonitorSettings
from monitor.settings.sla import terms
from monitor.settings.watched import references, watches


@click.command("sla")
@click.argument("platform", required=False, callback=values.name)
@click.option("--period", metavar="PERIOD", help="A month such as 2026-10, or a quarter such as 2026-Q4.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, for tickets and wikis.")
@click.option(
    "--html", "html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with charts to this file."
)
@options.config
@options.as_json
def command(  # noqa: PLR0913 - one parameter an option
    config: Path,
    platform: str | None,
    period: str | None,
    html: Path | None,
    *,
    as_csv: bool,
    as_json: bool,
    as_markdown: bool,
) -> int:
    """Print what availability was in a period, how that is made, and what the status page said in the same time.

    Without --period it is the current one. It reads the store, and writes nothing there; the monitor may run or not.

    Exits 0 where the objective was met or none is set, 1 where it was missed, 4 where nothing can be told: nothing was
    measured, the period has not begun, or the store can't be read.
    """
    if as_csv + as_json + as_markdown > 1:
        raise UsageFault("expected one of --json, --csv and --markdown")
    settings = load(config, MonitorSettings)
    reports = _reports(settings, platform, period)
    if html is not None:
        _write(html, page.page(_title(reports), reports))
    if as_json:
        click.echo(shaping.answer(settings.deployment, settings.vantage, reports).model_dump_json(indent=2))
    elif as_csv:
        click.echo(table.report(reports), nl=False)
    elif as_markdown:
        click.echo(markdown.document(_title(reports), reports), nl=False)
    elif html is None:
        for report in reports:
            for line in text.lines(report):
                click.echo(line)
        for line in text.method(reports):
            click.echo(line)
    return worst(_code(report) for report in reports)


def _reports(settings: MonitorSettings, platform: str | None, period: str | None) -> list[SlaReport]:
    if platform is not None and platform not in settings.platforms:
        raise UsageFault(f"PLATFORM: expected one of: {', '.join(settings.platforms)}")
    now = SystemClock().now()
    wanted = []
    for name in settings.platforms if platform is None else (platform,):
        agreed = terms(settings.platforms[name].sla)
        found = current(agreed, now) if period is None else named(period, agreed.zone)
        if found is None:
            raise UsageFault("--period: expected a month such as 2026-10, or a quarter such as 2026-Q4")
        wanted.append(Asked(name, agreed, found, watches(settings.platforms[name]), references(settings)))
    with reading_of(settings) as reading:
        reading.check()
        maker = Maker(settings.deployment, settings.vantage, reading.read)
        return [maker.make(each, now) for each in wanted]


def _title(reports: Sequence[SlaReport]) -> str:
    names = ", ".join(dict.fromkeys(each.period.name for each in reports))
    return f"Availability of {', '.join(each.subject.platform for each in reports)}, {names}"


def _write(file: Path, content: str) -> None:
    try:
        replace(file, content.encode())
    except OSError as fault:
        raise NotMeasured(f"--html: {file} can't be written: {fault.strerror}") from None


def _code(report: SlaReport) -> ExitCode:
    if report.standing is Standing.AHEAD or (not report.account.coverage and report.account.coverage is not None):
        return ExitCode.NOT_MEASURED
    if report.terms.objective is not None and report.breached is None:
        return ExitCode.NOT_MEASURED
    return ExitCode.FINDING if report.breached else ExitCode.GOOD
