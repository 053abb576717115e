"""The `monitor flag` command: a table of its commands."""

import click

from glasswatch.cli import LazyGroup, Place

COMMANDS = {
    "verify": Place("monitor.commands.flag.verify:command", "Say whether break-glass is ready by a signed flag."),
    "keygen": Place("monitor.commands.flag.keygen:command", "Make a key, and add it to the trust file beside it."),
    "trust": Place("monitor.commands.flag.trust.group:command", "Look at a trust file, or change it."),
}

command: click.Command = LazyGroup(
    places=COMMANDS, name="flag", help="Verify the break-glass flag; keys and whom readers trust."
)
