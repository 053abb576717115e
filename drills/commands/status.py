"""`drill status`: what is due or overdue, and which runs are open, here and at the monitor."""

import asyncio
import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import click

from drills.commands import broken
from drills.commands.laid import columns, lines, table_within
from drills.commands.once_gone import once_gone
from drills.commands.rows import as_data, due_cell, run_data
from drills.commands.sending import send_unsent
from drills.model.calendar import DueState, PastRun
from drills.past import is_hollow, places
from drills.rules.calendar import left_behind, still_open
from drills.runner.places import is_worked_on
from drills.scenarios import find
from drills.settings.root import DrillFile
from drills.standing import Known, Standing, known, standings
from glasswatch import options
from glasswatch.clock import Clock, SystemClock
from glasswatch.ending import complain
from glasswatch.errors import ExitCode, worst
from glasswatch.settings.load import load
from glasswatch.visible import line


@click.command("status")
@options.config
@options.as_json
def command(config: Path, *, as_json: bool) -> int:
    """Say what is due or overdue, and which runs are open: in the evidence directory, and at the monitor.

    Results that could not be told when a run ended are told first. Exits 0 when nothing is due and no run is open, 1
    when something is, 3 when a scenario can't be used, which is told, 4 when somebody could not be asked, 6 when a run
    left something behind.
    """
    settings = load(config, DrillFile)
    clock = SystemClock()
    scenarios = find(settings.drill)
    found = asyncio.run(_asked(settings, clock))
    rows = standings(scenarios.usable, found, clock.now())
    left, behind = still_open(found.runs), left_behind(found.runs)
    if as_json:
        answer = {
            "scenarios": [as_data(row) for row in rows],
            "open": [run_data(run) for run in left],
            "left_behind": [{"run": run.run, "residue": list(run.residue)} for run in behind],
            "not_asked": list(found.silent),
            "mistakes": [str(mistake) for mistake in scenarios.mistakes],
        }
        click.echo(json.dumps(answer, indent=2))
    else:
        if not rows and not scenarios.mistakes:
            click.echo("no scenario: put one into the places that drill.scenarios names")
        hollow = {run.run for run in left if is_hollow(run, settings)}
        _show(rows, left, _Here({run.run for run in left if is_worked_on(settings.drill.directory / run.run)}, hollow))
        _show_residue(behind, settings)
    codes = broken.tell(scenarios)
    for why in found.silent:
        complain(line(why))
    is_something = left or any(row.due.state is not DueState.NOT_DUE for row in rows)
    codes += [ExitCode.RESIDUE] if behind else [ExitCode.FINDING] if is_something else []
    return worst([*codes, ExitCode.NOT_MEASURED] if found.silent else codes)


@dataclass(frozen=True, slots=True)
class _Here:
    """The open runs that a process here works on; and those that the monitor holds, and a journal here knows not of."""

    worked_on: AbstractSet[str]
    hollow: AbstractSet[str]


def _show_residue(behind: tuple[PastRun, ...], settings: DrillFile) -> None:
    for run in behind:
        mark = click.style("LEFT BEHIND", fg="red", bold=True)
        for what in run.residue:
            for text in lines(f"{mark} ", line(what), columns()):
                click.echo(text)
        click.echo(f"  by {line(run.run)}: drill resume {line(run.run)} --clean-up-only tries again to take it back")
        click.echo(f"  {line(once_gone(run.run, settings))}")


async def _asked(settings: DrillFile, clock: Clock) -> Known:
    """Return the runs that are known, once what waits to be told was told."""
    await send_unsent(settings, clock)
    return await known(places(settings, clock))


def _show(rows: tuple[Standing, ...], left: tuple[PastRun, ...], here: _Here) -> None:
    if rows:
        _show_due([[line(row.scenario.settings.id), due_cell(row), row.due.why] for row in rows])
    for run in left:
        for text in _open(run, here):
            click.echo(text)


def _show_due(cells: list[list[str]]) -> None:
    room = columns()
    found = table_within(cells, room, wraps=2)
    if found is None:
        found = [text for id_, due, why in cells for text in (f"{id_}  {due}", *lines("  ", why, room))]
    for text in found:
        click.echo(text)


def _open(run: PastRun, here: _Here) -> Iterator[str]:
    """Yield what is said of an open run: in a line, or, where there is no room, with what is to be done on its own."""
    mark, room = click.style("OPEN", fg="red", bold=True), columns()
    known_from = "in the evidence directory" if run.where == "here" else "at the monitor"
    since = f"{line(run.run)}  since {run.at:%Y-%m-%d %H:%M:%SZ}, {known_from}"
    why, act = _standing(run, here)
    whole = f"{mark} {since}{f'; {why}' if why else ''}{f': {act}' if act else ''}"
    if room is None or len(click.unstyle(whole)) <= room:
        yield whole
        return
    indent = " " * len("OPEN ")
    yield from lines(f"{mark} ", since, room)
    if why:
        yield from lines(indent, why, room)
    if act:
        yield f"{indent}{act}"  # unbroken: it is copied


def _standing(run: PastRun, here: _Here) -> tuple[str, str]:
    """Return what is to be said of an open run, and what is to be done."""
    if run.run in here.worked_on:
        return "it goes on", f"drill stop {line(run.run)} ends it"
    if run.run in here.hollow:
        return "its journal is here, and empty", f"drill resume {line(run.run)} says what is left"
    if run.where == "monitor" and run.why == "open":  # its standing there: it is heard of
        return "it is heard of: it goes on elsewhere", ""
    return line(run.why), f"drill resume {line(run.run)}{_if_lost(run)}"


def _if_lost(run: PastRun) -> str:
    """Return what is left where the journal of a run that the monitor holds is not here, or can't be read."""
    is_here = run.where == "here" and run.scenario
    return "" if is_here else f"; if its journal is lost: drill close {line(run.run)}"
