"""`drill close`: close a run at the monitor by hand, whose journal is lost. It counts as failed."""

import asyncio
from pathlib import Path

import click

from drills.commands.options import operator as operator_option
from drills.commands.sending import send_unsent
from drills.operators import operator
from drills.settings.root import DrillFile
from glasswatch import options
from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode
from glasswatch.interrupt import Loading
from glasswatch.settings.load import load
from glasswatch.visible import line


@click.command("close")
@click.argument("run", metavar="RUN")
@options.config
@click.option("--reason", required=True, metavar="TEXT", help="Why it can't be finished; it goes on the audit.")
@click.option("--nothing-left", is_flag=True, help="You looked, and nothing is left behind.")
@click.option("--left", multiple=True, metavar="TEXT", help="What is left behind; may be repeated.")
@click.option("--anyway", is_flag=True, help="Although its journal is here: it can't be gone on with.")
@operator_option
@options.sure
def command(  # noqa: PLR0913 - one parameter an option
    run: str,
    *,
    config: Path,
    reason: str,
    nothing_left: bool,
    left: tuple[str, ...],
    anyway: bool,
    person: str | None,
    is_sure: bool,
) -> int:
    """Close a run at the monitor by hand, whose journal is lost, so that its platform can be drilled again.

    It counts as failed, and the audit has who says so, and why. If nothing is said of what is left behind, whatever the
    scenario may have done is: the monitor pages it until somebody closes the run once more, with --nothing-left. Exits
    6 as long as something is. A run whose journal is there is for `drill resume`, until it is closed: what a person
    took away afterwards is told here.
    """
    settings = load(config, DrillFile)
    who = operator(person, settings.drill)
    with Loading():
        from drills.by_hand import Word, close, look  # noqa: PLC0415 - a client is loaded once the command is whole

    word = Word(who, reason, nothing_left, left)
    asyncio.run(send_unsent(settings, SystemClock()))  # how it ended may be known here, and only wait to be told
    found = asyncio.run(look(run, settings, word, is_here_too=anyway))
    click.echo(f"{run}: {line(found.what)}")
    for each in found.residue:
        click.echo(f"LEFT BEHIND {line(each)}")
    if not is_sure and not click.confirm("Close it by hand? It counts as failed"):
        click.echo("not closed: it is as it was", err=True)
        return ExitCode.INTERRUPTED
    asyncio.run(close(run, settings, word, found))
    click.echo(f"{run} is closed by hand at the monitor")
    return ExitCode.RESIDUE if found.residue else ExitCode.GOOD
