"""The `monitor maintenance` command: a table of its commands."""

import click

from glasswatch.cli import LazyGroup, Place

COMMANDS = {
    "list": Place("monitor.commands.maintenance.list:command", "Show windows: in force, coming, proposed, over."),
    "add": Place("monitor.commands.maintenance.add:command", "Agree to a window, once or again and again."),
    "accept": Place("monitor.commands.maintenance.accept:command", "Agree to what a status page proposes."),
    "end": Place(
        "monitor.commands.maintenance.ending:command", "End a window, decline a proposal, take back a request."
    ),
    "confirm": Place("monitor.commands.maintenance.confirm:command", "Be the second person of a window in the past."),
}

command: click.Command = LazyGroup(
    places=COMMANDS, name="maintenance", help="Maintenance windows: in one, an outage is a ticket and wakes nobody."
)
