"""`drill stop`: have a run end now, and clean up."""

from pathlib import Path

import click

from drills.journal import reading
from drills.runner import requests
from drills.runner.places import closed_in, directory_of, is_worked_on, wait_until_free
from drills.settings.root import DrillFile
from glasswatch import options
from glasswatch.errors import EvidenceUnwritable, ExitCode, UsageFault
from glasswatch.settings.load import load


@click.command("stop")
@click.argument("run", metavar="RUN")
@options.config
@click.option("--wait", "is_waiting", is_flag=True, help="Return when it has cleaned up, and say what it came to.")
def command(run: str, *, config: Path, is_waiting: bool) -> int:
    """Have the process that works on a run end it now: no further step, and clean-up.

    It is noticed within half a second; clean-up takes what it takes. Where no process works on the run any more,
    `drill resume --clean-up-only` cleans up. With --wait it exits 0 when nothing is left behind, else 6.
    """
    directory = directory_of(run, load(config, DrillFile))
    if not is_worked_on(directory):
        raise UsageFault(f"nobody works on {run}: `drill resume --clean-up-only {run}` cleans up, if it is not closed")
    try:
        requests.ask_to_stop(directory)
    except OSError as fault:
        raise EvidenceUnwritable(f"{directory} can't be written: {fault.strerror or fault}") from None
    click.echo(f"{run} is told to stop, and cleans up")
    return _ended(run, directory) if is_waiting else ExitCode.GOOD


def _ended(run: str, directory: Path) -> ExitCode:
    wait_until_free(directory)
    closed = closed_in(reading.read(directory).entries)
    if closed is None:
        click.echo(f"{run} was not closed: something may be left behind: drill resume --clean-up-only {run}")
        return ExitCode.RESIDUE
    click.echo(f"{run}: {closed.verdict.replace('_', ' ')}: {closed.detail}")
    for left in closed.residue:
        click.echo(f"LEFT BEHIND {left}")
    return ExitCode.RESIDUE if closed.residue else ExitCode.GOOD
