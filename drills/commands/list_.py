"""`drill list`: the scenarios there are, how they went last, and when they are due."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click

from drills.commands import broken, runs_page
from drills.commands.laid import lines, table_or_cards
from drills.commands.rows import as_data, due_cell
from drills.model.calendar import PastRun
from drills.past import LocalRuns
from drills.scenarios import find
from drills.settings.root import DrillFile
from drills.settings.scenario import ScenarioFile
from drills.standing import Known, Standing, known, standings
from glasswatch import options
from glasswatch.clock import SystemClock
from glasswatch.ending import complain
from glasswatch.errors import ExitCode, worst
from glasswatch.settings.load import load
from glasswatch.settings.schema import json_schema
from glasswatch.visible import line

_HEAD: Final = ("SCENARIO", "TITLE", "OWNER", "PLATFORM", "CADENCE", "LAST", "DUE")


@click.command("list")
@options.config
@options.as_json
@click.option("--json-schema", "schema", is_flag=True, help="Print a JSON Schema of scenario files, for editors.")
@click.option("--runs", "of_runs", is_flag=True, help="List the runs in the evidence directory instead, newest first.")
def command(config: Path, *, as_json: bool, schema: bool, of_runs: bool) -> int:
    """List the scenarios: whose they are, how often they are to be run, how they went last, when they are due.

    Every mistake in those that can't be used is told after the others, and then it exits 3. Only runs in the evidence
    directory are looked at.
    """
    if schema:
        click.echo(json.dumps(json_schema([ScenarioFile], "glasswatch drill scenario"), indent=2))
        return ExitCode.GOOD
    settings = load(config, DrillFile)
    here = LocalRuns(settings.drill.directory, is_vouched=settings.drill.monitor is not None)
    found = asyncio.run(known([here]))
    if of_runs:
        runs_page.show(found.runs, as_json=as_json)
        return _told(found, [])
    scenarios = find(settings.drill)
    rows = standings(scenarios.usable, found, SystemClock().now())
    if as_json:
        click.echo(json.dumps([as_data(row) for row in rows], indent=2))
    else:
        _show(rows, is_any=bool(scenarios.mistakes))
    return _told(found, broken.tell(scenarios))


def _told(found: Known, codes: Sequence[ExitCode]) -> ExitCode:
    for why in found.silent:
        complain(why)
    return worst([*codes, ExitCode.NOT_MEASURED] if found.silent else codes)


def _show(rows: tuple[Standing, ...], *, is_any: bool) -> None:
    """Show a row for each scenario. `is_any`: there is one, whether it can be used or not."""
    if not rows and not is_any:
        click.echo("no scenario: put one into the places that drill.scenarios names")
        return
    for text in table_or_cards(_HEAD, [_cells(row) for row in rows], "TITLE", _card):
        click.echo(text)


def _card(cells: Sequence[str], room: int | None) -> Iterator[str]:
    """Yield a scenario where a row of a table has no room."""
    id_, title, owner, platform, cadence, last, due = cells
    yield f"{click.style(id_, bold=True)}  {due}"
    yield from lines("  ", title, room)
    yield from lines("  ", f"{owner}; platform {platform}; cadence {cadence}; last {click.unstyle(last)}", room)


def _cells(row: Standing) -> list[str]:
    found = row.scenario.settings
    cadence = f"{found.cadence}, after change" if found.after_change else found.cadence.value
    return [
        line(found.id),
        line(found.title),
        line(found.owner),
        line(found.platform),
        cadence,
        _last(row.last),
        due_cell(row),
    ]


def _last(run: PastRun | None) -> str:
    if run is None:
        return "never"
    return f"{runs_page.word(run.verdict)} {run.at:%Y-%m-%d}"
