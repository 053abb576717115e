"""`drill confirm`: answer a manual step of a run, from another terminal."""

from pathlib import Path

import click

from drills.journal import reading
from drills.model.event import Opened
from drills.rules.course import going_on
from drills.runner import requests
from drills.runner.places import directory_of, is_worked_on
from drills.runner.requests import LARGEST_FILE, Word
from drills.settings.root import DrillFile
from glasswatch import options
from glasswatch.errors import EvidenceUnwritable, ExitCode, UsageFault
from glasswatch.settings.load import load


@click.command("confirm")
@click.argument("run", metavar="RUN")
@click.argument("step", metavar="STEP")
@options.config
@click.option("--person", required=True, metavar="NAME", help="Who says so.")
@click.option("--yes/--no", "is_yes", default=None, help="Whether it is so.")
@click.option("--note", default="", metavar="TEXT", help="What is to be noted with it.")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="A file that shows it; it is kept with the evidence.",
)
def command(  # noqa: PLR0913 - one parameter an option
    run: str, step: str, *, config: Path, person: str, is_yes: bool | None, note: str, path: Path | None
) -> int:
    """Say whether a manual step that waits is so: who says it, with a note or a file.

    It goes on record with the login that said it. The step says who may, and whether a note or a file is needed.
    """
    if is_yes is None:
        raise UsageFault("expected --yes or --no")
    directory = directory_of(run, load(config, DrillFile))
    _check(run, step, directory)
    content = _content(path) if path else None
    try:
        requests.say(directory, step, Word(person, is_yes, note, path.name if path else ""), content)
    except OSError as fault:
        raise EvidenceUnwritable(f"{directory} can't be written: {fault.strerror or fault}") from None
    click.echo(f"{step} of {run}: {person} says {'yes' if is_yes else 'no'}; whether that counts the run itself says")
    return ExitCode.GOOD


def _check(run: str, step: str, directory: Path) -> None:
    """Refuse what nobody waits for."""
    events = [entry.event for entry in reading.read(directory).entries]
    opened = next((event for event in events if isinstance(event, Opened)), None)
    manual = [each.id for each in opened.steps if each.action == "manual"] if opened else []
    waiting = [each for each in going_on(events) if each in manual]
    if not is_worked_on(directory):
        raise UsageFault(f"nobody works on {run}: there is nobody to tell")
    if step not in waiting:
        raise UsageFault(f"{run} does not wait for that step: it waits for {', '.join(waiting) or 'nobody'}")


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as fault:
        raise UsageFault(f"--file: can't be read: {fault.strerror or fault}") from None
    if len(content) > LARGEST_FILE:
        raise UsageFault(f"--file: expected at most {LARGEST_FILE >> 20} MiB")
    return content
