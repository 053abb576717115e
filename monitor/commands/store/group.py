"""The `monitor store` command: a table of its commands."""

import click

from glasswatch.cli import LazyGroup, Place

COMMANDS = {
    "verify": Place("monitor.commands.store.verify:command", "See whether the audit is what was written."),
}

command: click.Command = LazyGroup(places=COMMANDS, name="store", help="What the monitor has on record.")
