"""`drill plan`: what a scenario would do. Changes nothing, contacts nobody, and is never evidence."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from drills import parameters
from drills.commands import broken, plan_page
from drills.commands.options import operator as operator_option
from drills.commands.options import parameters as set_option
from drills.model.plan import Plan
from drills.operators import operator
from drills.planning import plan
from drills.scenarios import find
from drills.settings.root import DrillFile
from glasswatch import files, options
from glasswatch.clock import SystemClock
from glasswatch.errors import EvidenceUnwritable, ExitCode
from glasswatch.settings.load import load


@click.command("plan")
@click.argument("scenario", metavar="SCENARIO")
@options.config
@set_option
@operator_option
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the plan there, as JSON."
)
@options.as_json
def command(  # noqa: PLR0913 - one parameter an option
    scenario: str, *, config: Path, given: tuple[str, ...], person: str | None, out: Path | None, as_json: bool
) -> int:
    """Show what a scenario would do: each step with what takes it back, what it touches, and what it must be allowed.

    SCENARIO is its id. Nothing is changed and nobody is asked; no secret is read. What stands there is planned, and
    never passed.
    """
    settings = load(config, DrillFile)
    chosen = broken.picked(find(settings.drill), scenario)
    planned = plan(chosen, settings, operator(person, settings.drill), parameters.parse(given), SystemClock())
    if out is not None:
        _write(out, planned)
    if as_json:
        click.echo(_text(planned))
    else:
        for line in plan_page.lines(planned):
            click.echo(line)
        if out is not None:
            click.echo(f"written to {out}")
    return ExitCode.GOOD


def _text(planned: Plan) -> str:
    return json.dumps(asdict(planned), indent=2)


def _write(path: Path, planned: Plan) -> None:
    try:
        files.replace(path, f"{_text(planned)}\n".encode())
    except OSError as error:
        raise EvidenceUnwritable(f"{path}: can't be written: {error.strerror or error}") from None
