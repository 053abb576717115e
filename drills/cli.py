"""The `drill` command: a table of its commands. Each lives in a module of its own and is imported when called."""

from typing import NoReturn

import click

from glasswatch import __version__
from glasswatch.cli import LazyGroup, Place, end

COMMANDS = {
    "run": Place("drills.commands.run:command", "Run a scenario, or what is due; clean up whatever happens."),
    "list": Place("drills.commands.list_:command", "The scenarios there are: whose, how often, how they went last."),
    "plan": Place("drills.commands.plan:command", "What a scenario would do, and how each step is taken back."),
    "approve": Place("drills.commands.approve:command", "Sign a scenario as it stands, as a second person."),
    "confirm": Place("drills.commands.confirm:command", "Answer a manual step of a run, from another terminal."),
    "stop": Place("drills.commands.stop:command", "Have a run end now, and clean up."),
    "resume": Place("drills.commands.resume:command", "Finish a run that was cut off, also from another machine."),
    "close": Place("drills.commands.close:command", "Close a run at the monitor by hand, whose journal is lost."),
    "status": Place("drills.commands.status:command", "What is due or overdue, and which runs are open."),
    "report": Place("drills.commands.report:command", "Render a run's report again, from its journal."),
    "compare": Place("drills.commands.compare:command", "Runs of a scenario side by side: is the last one worse?"),
    "verify": Place("drills.commands.verify:command", "Check that a run's journal is what was written."),
}

command = LazyGroup(
    places=COMMANDS,
    name="drill",
    help="Drills break-glass end to end: plan, act, always clean up, prove it.",
    epilog="Exit codes: 0 passed or nothing due, 1 a finding, 2 wrong usage, 3 invalid settings or scenario, 4 could "
    "not measure, 5 interrupted and cleaned up, 6 something is left behind, 7 evidence could not be written.",
)
command = click.version_option(__version__, prog_name="drill")(command)


def main() -> NoReturn:
    """Run `drill`."""
    end(command, "drill")
