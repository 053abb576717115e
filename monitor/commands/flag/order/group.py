"""The `monitor flag order` command: a table of its commands."""

import click

from glasswatch.cli import LazyGroup, Place

COMMANDS = {
    "sign": Place("monitor.commands.flag.order.sign:command", "Sign an order, or add a signature to one."),
    "combine": Place("monitor.commands.flag.order.combine:command", "Join signatures of one order from several files."),
    "end": Place("monitor.commands.flag.order.end:command", "End an order by a later one that says standby."),
}

command: click.Command = LazyGroup(
    places=COMMANDS,
    name="order",
    help="Open or seal break-glass by a signed order of persons: the path that needs no monitor.",
)
