"""docs/reference/cli.md is what `--help` says, and every command's exit codes are told."""

import click
import pytest

from checks import cli_reference
from drills.cli import COMMANDS as DRILL
from monitor.cli import COMMANDS
from tests.support.documents import REFERENCE, headings, rows, section

EVERY = list(cli_reference.every_command())
PATHS = [context.command_path for _, context in EVERY]
CALLED = [
    context.command_path
    for command, context in EVERY
    if not isinstance(command, click.Group) or command.invoke_without_command
]


def test_reference_is_what_help_says() -> None:
    """`python -m checks.cli_reference --write` was run after the last change of a command."""
    assert cli_reference.DOCUMENT.read_text() == cli_reference.render()


def test_every_command_and_option_is_in_it() -> None:
    """Walked apart from the generator: nothing the program takes is left out."""
    text = cli_reference.DOCUMENT.read_text()
    assert headings(text) == ["Commands", *(f"`{path}`" for path in PATHS)]
    for command, context in EVERY:
        written = text.split(f"## `{context.command_path}`\n")[1].split("\n## ")[0]
        options = [name for each in command.params if isinstance(each, click.Option) for name in each.opts]
        assert [name for name in options if name not in written] == []


def test_help_is_as_wide_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A narrow terminal and a variable in the environment change nothing."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("GLASSWATCH_CONFIG", "other.yaml")
    assert cli_reference.render() == cli_reference.DOCUMENT.read_text()


def test_a_line_of_the_list_names_each_command() -> None:
    """What `monitor` and `drill` list are their commands."""
    of_monitor = [path for path in PATHS if path.count(" ") == 1 and path.startswith("monitor ")]
    assert of_monitor == [f"monitor {name}" for name in COMMANDS]
    of_drill = [path.removeprefix("drill ") for path in PATHS if path.startswith("drill ")]
    assert of_drill == [name for name in DRILL if name in of_drill]
    assert of_drill


@pytest.mark.parametrize("path", CALLED)
def test_exit_codes_of_each_command_are_told(path: str) -> None:
    """Each command has its row; those of the demo share one."""
    row = "monitor demo" if path.startswith("monitor demo ") else path
    table = section((REFERENCE / "exit-codes.md").read_text(), "By command")
    assert f"`{row}`" in [cells[0] for cells in rows(table)]
