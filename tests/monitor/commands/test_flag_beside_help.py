"""Where `flag verify` stands in the arguments nothing but ready ends with 0: no help, no version, no completion."""

import os
import subprocess
import sys

import pytest

from glasswatch import cli
from glasswatch.cli import OPENING, run
from glasswatch.errors import ExitCode
from monitor.cli import command
from monitor.entry import QUICK
from tests.support.verifying import ROOT

ASKS = ("--help", "--version")
WAYS = (["flag", "verify", "flag.jws"], ["flag", "order", "verify", "order.jws"])
HELP = (["flag", "verify", "--help"], ["flag", "order", "verify", "--help"], ["flag", "--help"], ["--help"])


def _lines() -> list[list[str]]:
    """Return every line with help or version at some place that is not after the command's own words."""
    return [[*way[:place], ask, *way[place:]] for way in WAYS for ask in ASKS for place in range(len(way) - 1)]


@pytest.mark.parametrize("words", _lines(), ids=" ".join)
def test_help_in_the_way_is_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says so, and nothing on stdout; the same by the umbrella's name."""
    for root, name, line in ((command, "monitor", words), (cli.command, "glasswatch", ["monitor", *words])):
        assert run(root, name, line) == ExitCode.USAGE
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err


@pytest.mark.parametrize(
    "words",
    [
        ["--help", "monitor", "flag", "verify", "x"],
        ["--version", "monitor", "flag", "order", "verify", "x"],
        ["monitor", "status", "--help", "flag", "verify", "x"],
        ["--help", "flag", "verify", "x"],
        ["--help", "", "flag", "verify", "x"],
        ["--help", "--", "flag", "verify", "x"],
        ["--help", "monitor", "flag", "--json", "verify", "x"],
    ],
    ids=" ".join,
)
def test_nor_around_it(words: list[str]) -> None:
    """Of another command, before a word that is none, or past an option that belongs elsewhere."""
    assert run(cli.command, "glasswatch", words) == ExitCode.USAGE


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_help_by_itself_is_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With 0, as for every command: nothing else was asked."""
    for root, name, line in ((command, "monitor", words), (cli.command, "glasswatch", ["monitor", *words])):
        assert run(root, name, line) == ExitCode.GOOD
        assert "Usage: " in capsys.readouterr().out


def test_the_words_are_those_of_the_short_way() -> None:
    """What is judged without click opens, and nothing else does."""
    assert set(QUICK) == set(OPENING)


@pytest.mark.parametrize("script", ["monitor", "glasswatch"])
@pytest.mark.parametrize("words", ["flag verify x", "flag --help verify x", "--help flag verify x"])
def test_a_variable_for_the_shell_opens_nothing(script: str, words: str) -> None:
    """A shell that completes gives no words of the command's; whoever else sets the variable is answered as always."""
    environment = {f"_{script.upper()}_COMPLETE": "bash_source", "COMP_WORDS": "", "COMP_CWORD": "0"}
    line = [sys.executable, "-m", script, *(["monitor"] if script == "glasswatch" else []), *words.split()]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, check=False, timeout=60, env=os.environ | environment)
    assert (done.returncode, done.stdout) == (ExitCode.USAGE, b"")
