"""The `monitor flag trust` command: a table of its commands."""

import click

from glasswatch.cli import LazyGroup, Place

COMMANDS = {
    "show": Place("monitor.commands.flag.trust.show:command", "Show who may sign what, and until when."),
    "check": Place("monitor.commands.flag.trust.check:command", "Say what is wrong, or soon will be."),
    "add": Place("monitor.commands.flag.trust.change:add", "Add the keys of another trust file."),
    "retire": Place("monitor.commands.flag.trust.change:retire", "Let a key end at a time."),
    "revoke": Place("monitor.commands.flag.trust.change:revoke", "Take a key's trust away, for all times."),
}

command: click.Command = LazyGroup(
    places=COMMANDS, name="trust", help="Look at a trust file, or change it: whose signatures readers believe."
)
