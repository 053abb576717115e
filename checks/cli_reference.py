"""Writes docs/reference/cli.md from the program's own `--help`, or says where the file differs from it.

    python -m checks.cli_reference --write    writes it
    python -m checks.cli_reference            prints the difference; exits 1 if there is one

The width is fixed, so that every machine makes the same file. The tables of `monitor` and `drill` are walked, groups to
their leaves; a command that is added appears by itself.
"""

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from drills.cli import command as drill
from monitor.cli import command as monitor

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"
WIDTH = 110

_INTRODUCTION = """\
# Commands

What `--help` says of every command, word for word; `python -m checks.cli_reference --write` writes this file anew.
Where a host already has a program called `monitor` or `drill`, `glasswatch monitor` and `glasswatch drill` are the same
commands. What an exit code means stands in [exit-codes.md](exit-codes.md).
"""


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """Yield a command and all below it, each with the context that its help is written in."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from walk(below, click.Context(below, parent=context, info_name=name))


def every_command() -> Iterator[tuple[click.Command, click.Context]]:
    """Yield `monitor` and `drill`, each with every command below it, in the order of help."""
    for name, command in (("monitor", monitor), ("drill", drill)):
        # Both widths: the one is used as it is, the other bounds it.
        yield from walk(command, click.Context(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH))


def render() -> str:
    """Return the whole document."""
    parts = [_INTRODUCTION]
    for command, context in every_command():
        parts.append(f"## `{context.command_path}`\n\n```\n{command.get_help(context).rstrip()}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Write the document, or print how it differs; return 1 if it does."""
    wanted = render()
    if sys.argv[1:] == ["--write"]:
        DOCUMENT.write_text(wanted, encoding="utf-8")
        return 0
    found = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    lines = difflib.unified_diff(
        found.splitlines(), wanted.splitlines(), "docs/reference/cli.md", "what --help says", lineterm=""
    )
    difference = list(lines)
    for line in difference:
        print(line)
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
