"""`drill resume`: finish a run whose process is gone, also on another machine."""

from pathlib import Path

import click

from drills.commands.options import operator as operator_option
from drills.operators import operator
from drills.settings.root import DrillFile
from glasswatch import options
from glasswatch.interrupt import Loading
from glasswatch.settings.load import load


@click.command("resume")
@click.argument("run", metavar="RUN")
@options.config
@click.option("--clean-up-only", is_flag=True, help="Do no further step: take back what was done, and close the run.")
@click.option(
    "--from",
    "place",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="The run's directory, where it is not in drill.directory: such as a copy from another machine.",
)
@click.option("--wait", "is_waiting", is_flag=True, help="Where the run is heard of elsewhere, wait until it is not.")
@click.option(
    "--newest",
    "is_newest",
    is_flag=True,
    help="Where nobody can say whether this copy is the newest: go on, for you know that it is, and that no process "
    "goes on with the run.",
)
@operator_option
@options.as_json
def command(  # noqa: PLR0913 - one parameter an option
    run: str,
    *,
    config: Path,
    clean_up_only: bool,
    place: Path | None,
    is_waiting: bool,
    is_newest: bool,
    person: str | None,
    as_json: bool,
) -> int:
    """Go on with a run whose process was killed, or whose machine went down: verify its journal, take back, close.

    It goes on with the next step, unless --clean-up-only is given or it had been told to stop; a step that was cut
    short is not done again. What is done is what the approved scenario says, which must be the one that was begun. A
    run that was resumed is never passed. A run that was heard of elsewhere within a minute is left alone: its process
    may be at work.
    """
    settings = load(config, DrillFile)
    who = operator(person, settings.drill)
    with Loading():
        from drills.commands.resuming import resume  # noqa: PLC0415 - what acts is loaded where something will
        from drills.runner.resuming import Again, place_of  # noqa: PLC0415 - as above

    again = Again(place_of(run, settings, place), settings, who, clean_up_only, is_newest, is_waiting)
    return resume(run, again, as_json=as_json)
