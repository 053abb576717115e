"""The `monitor flag` command: a table of its commands."""

import click

from glasswatch.cli import LazyGroup, Place

COMMANDS = {
    "verify": Place(
        "monitor.commands.flag.verify_command:command", "Say whether break-glass is ready by a signed flag."
    ),
    "keygen": Place("monitor.commands.flag.keygen:command", "Make a key, and add it to the trust file beside it."),
    "order": Place("monitor.commands.flag.order.group:command", "Open or seal by a signed order of persons."),
    "trust": Place("monitor.commands.flag.trust.group:command", "Look at a trust file, or change it."),
}

command: click.Command = LazyGroup(
    places=COMMANDS, name="flag", help="The break-glass flag: verify it, order it, and say whom readers trust."
)
