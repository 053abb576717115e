"""`drill compare`: the runs of a scenario side by side, and whether the last is worse than the one before."""

from pathlib import Path

import click

from drills import reporting
from drills.commands.compare_page import as_text
from drills.errors import JournalDamaged, JournalUnreadable, RunUnknown
from drills.journal.reading import JOURNAL
from drills.model.event import Began, Entry
from drills.report import comparing
from drills.rules.comparison import Column, columns, compare
from drills.runs import directory_of
from drills.settings.root import DrillFile
from glasswatch import options
from glasswatch.ending import complain
from glasswatch.errors import ExitCode, UsageFault, worst
from glasswatch.settings.load import load
from glasswatch.visible import line

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("compare")
@click.argument("what", metavar="SCENARIO|RUN...", nargs=-1, required=True)
@options.config
@click.option("--last", type=click.IntRange(2, 100), default=4, show_default=True, help="How many runs at most.")
@options.as_json
@click.option("--html", type=_FILE, help="Write a page of it to this file.")
def command(what: tuple[str, ...], config: Path, *, last: int, as_json: bool, html: Path | None) -> int:
    """Put the last runs of a scenario side by side: verdicts, times, steps, and what was found.

    With one RUN it is shown beside those before it; with several, they alone are. Runs that ended before their first
    step are left out, and counted, unless they are named. Exits 1 if the last one came to something worse than the one
    before, or missed a target that was met before, or if a journal was changed.
    """
    settings = load(config, DrillFile)
    journals, is_damaged = _journals(what, settings)
    found = compare(_last(columns(journals), what, last))
    if html is not None:
        reporting.put(html, comparing.as_html(found).encode())
    if as_json:
        click.echo(comparing.as_json(found), nl=False)
    else:
        for text in as_text(found):
            click.echo(text)
    return worst([ExitCode.FINDING] if found.worse or is_damaged else [])


def _journals(what: tuple[str, ...], settings: DrillFile) -> tuple[list[tuple[Entry, ...]], bool]:
    """Return the journals that may be compared, and whether one is not what was written."""
    if len(what) > 1:
        return [reporting.entries_of(directory_of(each, settings)) for each in dict.fromkeys(what)], False
    scenario, beside = _scenario(what[0], settings)
    found, is_damaged = [], False
    for place in reporting.beside(beside):
        try:
            entries = reporting.entries_of(place)
        except JournalDamaged as fault:
            is_damaged = True
            complain(line(str(fault)))
            continue
        except JournalUnreadable as fault:
            complain(line(f"not compared: {fault}"))
            continue
        if columns([entries])[0].scenario == scenario:
            found.append(entries)
    if not found:
        raise RunUnknown(f"{line(what[0])}: no run of it in {settings.drill.directory}")
    return _that_began(found, beside), is_damaged


def _that_began(journals: list[tuple[Entry, ...]], named: Path) -> list[tuple[Entry, ...]]:
    """Return the runs of which a step began, and the one that is named; where that is none, all."""
    began = [
        each for each in journals if each[0].run == named.name or any(isinstance(entry.event, Began) for entry in each)
    ]
    left_out = len(journals) - len(began)
    if began and left_out:
        complain(f"not compared: {left_out} that ended before the first step")
    return began or journals


def _scenario(what: str, settings: DrillFile) -> tuple[str, Path]:
    """Return which scenario is meant, and a directory beside which its runs lie."""
    try:
        place = directory_of(what, settings)
    except RunUnknown:
        return what, settings.drill.directory / JOURNAL
    return columns([reporting.entries_of(place)])[0].scenario, place


def _last(shown: tuple[Column, ...], what: tuple[str, ...], last: int) -> tuple[Column, ...]:
    names = {each.scenario for each in shown}
    if len(names) > 1:
        raise UsageFault(f"expected runs of one scenario, and there are {line(', '.join(sorted(names)))}")
    if len(what) > 1:
        return shown
    until = next((at for at, each in enumerate(shown, 1) if each.run == Path(what[0]).name), len(shown))
    return shown[:until][-last:]
