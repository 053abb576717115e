"""The `monitor flag` command: a table of its commands."""

import click

from glasswatch.cli import LazyGroup, Place

COMMANDS = {
    "show": Place("monitor.commands.flag.show:command", "Ask the running monitor where its flags stand."),
    "raise": Place("monitor.commands.flag.raise_:command", "Mark break-glass ready by hand, or renew a cause."),
    "lower": Place("monitor.commands.flag.lower:command", "End what people and drills raised."),
    "inhibit": Place("monitor.commands.flag.inhibit:command", "Hold closed what outages raise: takes two persons."),
    "confirm": Place("monitor.commands.flag.confirm:command", "Confirm what another person asked for."),
    "verify": Place(
        "monitor.commands.flag.verify_command:command", "Say whether break-glass is ready by a signed flag."
    ),
    "keygen": Place("monitor.commands.flag.keygen:command", "Make a key, and add it to the trust file beside it."),
}

command: click.Command = LazyGroup(
    places=COMMANDS, name="flag", help="Raise, lower and verify the break-glass flag; make keys."
)
