"""The `monitor uses` command: a table of its commands."""

import click

from glasswatch.cli import LazyGroup, Place

COMMANDS = {
    "list": Place("monitor.commands.uses.list:command", "Show uses of break-glass, and what each still needs."),
    "class": Place("monitor.commands.uses.classing:command", "Say what a use was, and that it was rotated."),
    "report": Place("monitor.commands.uses.report:command", "Report one attempt at break-glass to the monitor."),
    "spool": Place("monitor.commands.uses.spool:command", "Log one attempt and keep it to be sent, without network."),
    "send": Place("monitor.commands.uses.send:command", "Send what waits in a spool to the monitor."),
}

command: click.Command = LazyGroup(places=COMMANDS, name="uses", help="Uses of break-glass: report, list, class them.")
