"""The umbrella command, and how every command of ours begins and ends.

`glasswatch monitor …` serves hosts where another program already has one of our scripts' names. A command's module
is imported only when it is called: the table holds its place and its one line of help, so that `--help` stays quick.

How a command ends (design 3.1): wrong usage 2, what we raise on purpose by its own code, Ctrl-C and a broken pipe 5
(never 1, which would read as a finding; `interrupt` says how), an answer that can't be written (a full disk) 7,
anything else 70 with its traceback, because then the fault is ours. Nobody listening on stderr changes none of this.
"""

import atexit
import errno
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from typing import NamedTuple, NoReturn

import click

from glasswatch import __version__
from glasswatch.errors import ExitCode, GlasswatchError, worst
from glasswatch.interrupt import Loading, ignored, orderly, quickly

# What writing to a stream that is already open fails with when the disk behind it is full or broken.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


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
    try:
        # Not command.main(): it turns a broken pipe into exit 1, which for us is a finding.
        with command.make_context(name, list(sys.argv[1:] if argv is None else argv)) as context:
            result = command.invoke(context)
        _flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except (click.Abort, EOFError, KeyboardInterrupt):
        _complain("interrupted")
        return ExitCode.INTERRUPTED
    except click.ClickException as wrong:
        with suppress(OSError):
            wrong.show()
        return ExitCode.USAGE
    except GlasswatchError as fault:
        _complain(str(fault))
        return fault.exit_code
    except OSError as fault:
        return _output_lost(fault)
    return result if isinstance(result, int) else ExitCode.GOOD


def _output_lost(fault: OSError) -> int:
    """Return the exit code where our output can't be written; raise the fault where it is about something else."""
    is_pipe = isinstance(fault, BrokenPipeError)
    if not is_pipe and (fault.errno not in _FULL or fault.filename is not None):
        raise fault
    _let_go_of_output()
    if is_pipe:
        return ExitCode.INTERRUPTED
    _complain(f"the answer can't be written: {fault.strerror}")
    return ExitCode.EVIDENCE_UNWRITABLE


def _complain(text: str) -> None:
    with suppress(OSError):
        click.echo(text, err=True)


def _flush() -> None:
    if sys.stdout is not None:  # it is None where the process was started with it closed
        sys.stdout.flush()


def _let_go_of_output() -> None:
    # Python would complain once more when it flushes at exit: give it somewhere to flush to.
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end(command: click.Command, name: str) -> NoReturn:
    """Run a command as a console script and end the process with its code."""
    if f"_{name.upper()}_COMPLETE" in os.environ:
        command.main(prog_name=name)  # a shell asks for completions; click answers it and ends the process
    try:
        orderly()
        code = run(command, name)
        _end_quickly(code)
    except KeyboardInterrupt:  # so close to the beginning or the end that `run` did not take it
        _complain("interrupted")
        code = ExitCode.INTERRUPTED
    except Exception:  # noqa: BLE001 - the last line of defence: whatever this is, it must not end as a finding
        sys.excepthook(*sys.exc_info())
        _complain(f"{name}: this is a fault of glasswatch {__version__}, not a finding; please report it")
        code = ExitCode.BUG
    _end_quickly(code)
    sys.exit(code)


def _end_quickly(code: int) -> None:
    """Have Ctrl-C cut short Python's own end, which would complain; it hides no worse answer."""
    known = [each for each in ExitCode if each == code]
    quickly(worst((*known, ExitCode.INTERRUPTED)))
    atexit.register(ignored)  # the very last moments, in which Python would let the signal end us by itself


_SCRIPTS = {"monitor": Place("monitor.cli:command", "Watch platforms, mark break-glass ready, page.")}

command = LazyGroup(
    places=_SCRIPTS,
    name="glasswatch",
    help="Watches just-in-time access platforms and says truthfully when access can't be had.",
)
command = click.version_option(__version__, prog_name="glasswatch")(command)


def main() -> NoReturn:
    """Run `glasswatch`."""
    end(command, "glasswatch")
