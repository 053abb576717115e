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
    "order": Place("monitor.commands.flag.order.group:command", "Open or seal by a signed order of persons."),
    "trust": Place("monitor.commands.flag.trust.group:command", "Look at a trust file, or change it."),
}

command: click.Command = LazyGroup(
    places=COMMANDS,
    name="flag",
    help="The break-glass flag: raise, lower, verify and order it, and say whom readers trust.",
)
