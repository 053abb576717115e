"""The runs that lie in the evidence directory, newest first: for people in columns, and as JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

import click

from drills.commands.laid import lines, table_or_cards
from drills.commands.rows import run_data
from drills.model.calendar import PastRun
from drills.model.verdict import Verdict
from glasswatch.visible import line

_HEAD: Final = ("RUN", "CAME TO", "AT", "WHY")
_COLOURS: Final = {Verdict.PASSED: "green", Verdict.NOT_MEASURED: "magenta"}


def show(runs: Sequence[PastRun], *, as_json: bool) -> None:
    """Print them. With a narrow terminal each becomes a paragraph."""
    newest = sorted(runs, key=lambda run: (run.at, run.run), reverse=True)
    if as_json:
        click.echo(json.dumps([{**run_data(run), "residue": list(run.residue)} for run in newest], indent=2))
        return
    if not newest:
        click.echo("no run lies in drill.directory")
        return
    for text in table_or_cards(_HEAD, [_cells(run) for run in newest], "WHY", _card):
        click.echo(text)


def word(verdict: Verdict) -> str:
    """Return a verdict in its colour."""
    return click.style(verdict.replace("_", " "), fg=_COLOURS.get(verdict, "red"))


def _cells(run: PastRun) -> list[str]:
    return [line(run.run), word(run.verdict), f"{run.at:%Y-%m-%d %H:%M:%SZ}", line(_why(run))]


def _why(run: PastRun) -> str:
    """Return why, with all that was left behind: often that is why, and is said once."""
    left = f"left behind: {'; '.join(run.residue)}" if run.residue else ""
    return left if left.startswith(run.why) else f"{run.why}; {left}" if left else run.why


def _card(cells: Sequence[str], room: int | None) -> Iterator[str]:
    run, came_to, at, why = cells
    yield run
    yield from lines(f"  {came_to} ", f"{at}; {why}" if why else at, room)
