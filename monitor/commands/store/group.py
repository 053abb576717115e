"""The `monitor store` command: a table of its commands."""

import click

from glasswatch.cli import LazyGroup, Place

COMMANDS = {
    "check": Place("monitor.commands.store.check:command", "See whether what is on record is whole."),
    "backup": Place("monitor.commands.store.backup:command", "Keep a copy of it, also while the monitor runs."),
    "compact": Place("monitor.commands.store.compact:command", "Give back the room that it doesn't need."),
    "verify": Place("monitor.commands.store.verify:command", "See whether the audit is what was written."),
}

command: click.Command = LazyGroup(places=COMMANDS, name="store", help="What the monitor has on record.")
