"""The `monitor` command: a table of its commands. Each lives in a module of its own and is imported when called."""

from typing import NoReturn

import click

from glasswatch import __version__
from glasswatch.cli import LazyGroup, Place, end

COMMANDS = {
    "run": Place("monitor.commands.run:command", "Run the monitor until it is told to stop."),
    "demo": Place("monitor.commands.demo:command", "Watch it work on a simulated platform."),
    "check": Place("monitor.commands.check:command", "Check the settings file; report every mistake at once."),
    "probe": Place("monitor.commands.probe:command", "Make one attempt of each probe, now, and show what it found."),
    "status": Place("monitor.commands.status:command", "Ask the running monitor what is up."),
    "page-test": Place("monitor.commands.page_test:command", "Send a test page through one channel, now."),
    "token": Place("monitor.commands.token:command", "Make a token, and the settings' row for it."),
    "flag": Place("monitor.commands.flag.group:command", "Verify the break-glass flag; make keys."),
    "store": Place("monitor.commands.store.group:command", "What is on record: check it, copy it, make it smaller."),
    "backtest": Place("monitor.commands.backtest.command:command", "What settings would find, and how soon."),
    "maintenance": Place("monitor.commands.maintenance.group:command", "Windows in which an outage wakes nobody."),
    "sla": Place("monitor.commands.sla:command", "What availability was in a period, and how that is known."),
    "outages": Place("monitor.commands.outages:command", "Outages on record: list, filter, export."),
    "uses": Place("monitor.commands.uses.group:command", "Uses of break-glass: report, list, class them."),
}

command = LazyGroup(
    places=COMMANDS,
    name="monitor",
    help="Watches a JIT access platform, marks break-glass ready with a signed flag, and pages.",
    epilog="Exit codes: 0 good, 1 a finding, 2 wrong usage, 3 invalid settings, 4 could not measure, 5 interrupted.",
)
command = click.version_option(__version__, prog_name="monitor")(command)


def main() -> NoReturn:
    """Run `monitor`."""
    end(command, "monitor")
