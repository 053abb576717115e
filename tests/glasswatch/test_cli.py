"""How commands end: by which exit code, with which words, and never with a traceback for what a user did."""

import os
import pty
import subprocess
import sys

import click
import pytest

from glasswatch.cli import LazyGroup, Place, run
from glasswatch.errors import ExitCode, NotMeasured
from monitor.cli import COMMANDS


def _command(raises: BaseException) -> click.Command:
    @click.command()
    def command() -> None:
        raise raises

    return command


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (NotMeasured("nobody answered"), ExitCode.NOT_MEASURED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (click.Abort(), ExitCode.INTERRUPTED),
        (click.UsageError("no"), ExitCode.USAGE),
        (click.FileError("x"), ExitCode.USAGE),
        (click.exceptions.Exit(3), ExitCode.INVALID),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_every_error_has_its_code(raised: BaseException, code: ExitCode, capsys: pytest.CaptureFixture[str]) -> None:
    """What is raised on purpose decides the exit code, and stderr never holds a traceback."""
    assert run(_command(raised), "x", []) == code
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(("given", "shown"), [("1", "up"), ("", "\x1b[32mup\x1b[0m"), (None, "\x1b[32mup\x1b[0m")])
def test_no_color_is_kept(given: str | None, shown: str) -> None:
    """On a terminal too: set and not empty, it takes colours away (no-color.org)."""
    code = """import click, sys; from glasswatch.cli import run
command = click.Command("x", callback=lambda: click.secho("up", fg="green"))
sys.exit(run(click.Group("x", commands=[command]), "x", ["x"]))"""
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    if given is not None:
        environment["NO_COLOR"] = given
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "wb"):
        ended = subprocess.run([sys.executable, "-c", code], env=environment, stdout=theirs, timeout=60, check=False)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        assert (ended.returncode, terminal.read(1000)) == (0, f"{shown}\r\n".encode())


def test_a_fault_of_ours_is_not_swallowed() -> None:
    """Anything else reaches the caller, so that the console script can end with 70."""
    with pytest.raises(ZeroDivisionError):
        run(_command(ZeroDivisionError()), "x", [])


def test_the_returned_number_is_the_exit_code() -> None:
    """A command says how it ends by what it returns; nothing returned is good."""

    @click.command()
    def found() -> int:
        return ExitCode.FINDING

    @click.command()
    def quiet() -> None:
        return None

    assert run(found, "x", []) == ExitCode.FINDING
    assert run(quiet, "x", []) == ExitCode.GOOD


def _script(body: str) -> list[str]:
    head = "import click\nfrom glasswatch.cli import end\n\n@click.command()\ndef command():\n"
    return [sys.executable, "-c", f"{head}{body}\nend(command, 'x')\n"]


def test_a_bug_ends_with_70_and_its_traceback() -> None:
    """Our own fault is never read as a finding, and says where it happened."""
    done = subprocess.run(_script("    1 / 0"), capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.BUG
    assert "ZeroDivisionError" in done.stderr
    assert "fault of glasswatch" in done.stderr


@pytest.mark.parametrize(
    "body",
    ["    for n in range(200000): click.echo('line ' * 20)", "    for n in range(200000): print('line ' * 20)"],
    ids=["echo", "print"],
)
def test_a_broken_pipe_is_not_a_finding(body: str) -> None:
    """`monitor … | head` ends with 5: click's own answer would be 1, which means standby to a script."""
    with subprocess.Popen(_script(body), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        complaint = process.stderr.read()
        assert process.wait(20) == ExitCode.INTERRUPTED
    assert complaint == b""


def test_help_imports_no_command() -> None:
    """The list of commands is written from the table."""
    group = LazyGroup(places={"gone": Place("no_such_module:command", "Is nowhere.")}, name="x")
    assert run(group, "x", ["--help"]) == ExitCode.GOOD


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is not in the table is told so."""
    group = LazyGroup(places={}, name="x")
    assert run(group, "x", ["nothing"]) == ExitCode.USAGE
    assert "nothing" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "place"), COMMANDS.items(), ids=list(COMMANDS))
def test_every_command_of_the_table_is_there(name: str, place: Place) -> None:
    """A command can be imported, is called what the table calls it, and has one line of help there."""
    command = LazyGroup(places=COMMANDS, name="monitor").get_command(click.Context(click.Command("x")), name)
    assert command is not None
    assert command.name == name
    assert place.line.endswith(".")
    assert len(place.line) < 80
