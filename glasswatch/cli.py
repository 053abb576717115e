"""The umbrella command, and how every command of ours begins and ends.

`glasswatch monitor …` serves hosts where another program already has one of our scripts' names. A command's module
is imported only when it is called: the table holds its place and its one line of help, so that `--help` stays quick.

How a command ends is `ending`'s; here click's own errors are told apart: wrong usage is 2.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NamedTuple, NoReturn

import click

from glasswatch import __version__
from glasswatch.ending import code_of, finish
from glasswatch.errors import ExitCode
from glasswatch.interrupt import Loading

# The commands whose 0 opens something, by their words. Each reads its own line, `--help` too.
OPENING = (("flag", "verify"), ("flag", "order", "verify"))
_ENDS_WITH_HELP = frozenset({"--help", "--version"})


class Place(NamedTuple):
    """Where a command lives (`module:attribute`) and its line in the list of commands."""

    at: str
    line: str


class LazyGroup(click.Group):
    """A group that imports a command when it is called and not before."""

    def __init__(self, *, places: Mapping[str, Place], **attrs: object) -> None:
        super().__init__(**attrs)  # type: ignore[arg-type]  # click's own keywords, passed on as they came
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, in the table's order."""
        del ctx
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command; None when there is none of that name."""
        del ctx
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.at.partition(":")
        with Loading():
            command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{place.at} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table, importing none of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.line) for name, place in self._places.items()])


def run(command: click.Command, name: str, argv: Sequence[str] | None = None) -> int:
    """Call a command and return its exit code; every error has become one line on stderr."""
    return code_of(lambda: _invoke(command, name, sys.argv[1:] if argv is None else argv))


def _invoke(command: click.Command, name: str, argv: Sequence[str]) -> int:
    try:
        if _hides_an_opening_command(argv):
            raise click.UsageError("help and version are asked for by themselves, not around a command whose 0 opens.")
        # Not command.main(): it turns a broken pipe into exit 1, which for us is a finding.
        colour = False if os.environ.get("NO_COLOR") else None  # no-color.org; click itself does not look
        with command.make_context(name, list(argv), color=colour) as context:
            result = command.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as wrong:
        with suppress(OSError):
            wrong.show()
        return ExitCode.USAGE
    return result if isinstance(result, int) else ExitCode.GOOD


def _hides_an_opening_command(argv: Sequence[str]) -> bool:
    """Whether click would show help or version, and end with 0, where the words of an opening command stand as well."""
    words = [word for word in argv if not word.startswith("-")]
    own = list(argv[1:] if argv[:1] == ["monitor"] else argv)
    return not _ENDS_WITH_HELP.isdisjoint(argv) and any(
        own[: len(path)] != list(path) and _holds(words, path) for path in OPENING
    )


def _holds(words: Sequence[str], path: Sequence[str]) -> bool:
    return any(tuple(words[start : start + len(path)]) == tuple(path) for start in range(len(words)))


def end(command: click.Command, name: str) -> NoReturn:
    """Run a command as a console script and end the process with its code."""
    # A shell asks without a word of the command's: where some stand, whoever set the variable opens nothing.
    if f"_{name.upper()}_COMPLETE" in os.environ and not sys.argv[1:]:
        command.main(prog_name=name)  # a shell asks for completions; click answers it and ends the process
    finish(lambda: run(command, name), name)


_SCRIPTS = {
    "monitor": Place("monitor.cli:command", "Watch platforms, mark break-glass ready, page."),
    "drill": Place("drills.cli:command", "Drill break-glass end to end, and leave evidence."),
}

command = LazyGroup(
    places=_SCRIPTS,
    name="glasswatch",
    help="Watches just-in-time access platforms and says truthfully when access can't be had.",
)
command = click.version_option(__version__, prog_name="glasswatch")(command)


def main() -> NoReturn:
    """Run `glasswatch`."""
    end(command, "glasswatch")
