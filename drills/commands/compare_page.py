"""A comparison of runs as lines for a terminal."""

from collections.abc import Iterator, Sequence
from typing import Final

import click

from drills.commands.laid import table
from drills.model.verdict import Verdict
from drills.report import words
from drills.report.comparing import cell, change, headings, status
from drills.rules.comparison import Comparison
from glasswatch.visible import line

_COLOURS: Final = {Verdict.PASSED: "green", Verdict.NOT_MEASURED: "yellow"}


def as_text(found: Comparison) -> Iterator[str]:
    """Yield lines for a terminal: runs as columns, oldest first, then what changed."""
    rows: list[Sequence[str]] = [("", *headings(found.columns), "change")]
    rows.append(("verdict", *(_verdict(each.result.verdict) for each in found.columns), ""))
    for span in found.spans:
        name = words.span(span.span)
        rows.append((name, *(cell(each) for each in span.cells), change(span.change)))
    rows += [
        (f"step {line(row.id)}", *(status(each) for each in row.cells), "")
        for row in found.steps
        if len(set(row.cells)) > 1
    ]
    yield from table(rows)
    for name, said in (("new", "new"), ("gone", "gone"), ("stayed", "still")):
        for each in getattr(found.findings, name):
            where = f" at {line(each.step)}" if each.step else ""
            yield f"{said}: {each.severity}{where}: {line(each.line)}"
    if found.is_scenario_changed:
        yield "the scenario is not the one of the run before: its hash changed"
    if len(found.columns) == 1:
        yield "there is one run: nothing to compare it with yet"
    for why in found.worse:
        yield f"{click.style('WORSE', fg='red', bold=True)} {line(why)}"


def _verdict(each: Verdict) -> str:
    return click.style(words.verdict(each).partition(":")[0], fg=_COLOURS.get(each, "red"))
