"""`monitor token`: a token shown once, a row that makes it valid, each on a stream of its own."""

import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from glasswatch.cli import run
from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode
from monitor.cli import command
from monitor.commands.client import _TOKEN
from monitor.rules.authority import recognised
from tests.support.settings_files import GOOD, settings_of

ANNA = (
    "anna-cli",
    "--person",
    "anna@example.com",
    "--scope",
    "flag:raise",
    "--scope",
    "read",
    "--expires",
    "2999-01-31",
)
MACHINE = ("wrapper", "--machine", "wrapper", "--scope", "use", "--scope", "heartbeat:w-1", "--platform", "payments")
LATER = ("--expires", "2999-01-31T12:00:00+01:00")


def _token(*arguments: str) -> int:
    return run(command, "monitor", ["token", *arguments])


@pytest.mark.parametrize("arguments", [ANNA, (*MACHINE, *LATER)], ids=["person", "machine"])
def test_the_row_makes_the_token_valid(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output is the token alone, standard error YAML that the settings take as it is."""
    assert _token(*arguments) == ExitCode.GOOD
    said = capsys.readouterr()
    token = said.out.removesuffix("\n")
    assert re.fullmatch(r"gwt_[A-Za-z0-9_-]{43}", token)
    assert _TOKEN.fullmatch(token)
    assert token not in said.err
    rows = "".join(f"  {line}\n" for line in said.err.splitlines())
    settings = settings_of(tmp_path, f"{GOOD}tokens:\n{rows}")
    tokens = [row.token() for row in settings.tokens]
    caller = recognised(tokens, hashlib.sha256(token.encode()).digest(), SystemClock().now())
    assert caller is not None
    assert caller.name == arguments[2]
    assert caller.scopes == {value for option, value in pairwise(arguments) if option == "--scope"}
    assert caller.platforms == (frozenset({"payments"}) if "--platform" in arguments else None)


def test_json_holds_both(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard output, and nothing else anywhere."""
    assert _token(*ANNA, "--json") == ExitCode.GOOD
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert said.err == ""
    assert set(answer) == {"token", "row"}
    assert answer["row"]["sha256"] == hashlib.sha256(answer["token"].encode()).hexdigest()
    assert list(answer["row"]) == ["name", "person", "sha256", "scopes", "expires"]


def test_no_two_are_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is made of 256 random bits."""
    for _ in range(20):
        _token(*ANNA)
    assert len(set(capsys.readouterr().out.split())) == 20


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("Anna", *ANNA[1:]), "NAME: expected a name of a-z, 0-9, - and _, at most 63 long"),
        ((*ANNA, "--machine", "m"), "--person, --machine: expected exactly one of person and machine"),
        (("x", *ANNA[3:]), "--person, --machine: expected exactly one of person and machine"),
        ((*ANNA, "--scope", "flag:rise"), "did you mean flag:raise?"),
        ((*ANNA, "--scope", "flag:*"), "--scope: expected one of: flag:raise,"),
        (
            ("m", "--machine", "m", "--scope", "flag:raise", *LATER),
            "--scope: expected no flag:… here: the flag needs a person's token",
        ),
        ((*ANNA, "--platform", "A B"), "--platform: expected a name of a-z"),
        ((*ANNA[:-1], "soon"), "--expires: expected a date such as 2027-01-31"),
        ((*ANNA[:-1], "2026-02-30"), "--expires: expected a date such as 2027-01-31"),
        ((*ANNA[:-1], "2020-01-31"), "--expires: expected a time that is still to come"),
        (ANNA[:-2], "Missing option '--expires'"),
        (("a", "--person", "anna", *LATER), "Missing option '--scope'"),
        ((), "Missing argument 'NAME'"),
    ],
)
def test_every_mistake_is_wrong_usage(
    arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, what was expected, and no token."""
    assert _token(*arguments) == ExitCode.USAGE
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""
    assert "gwt_" not in said.err


def test_several_mistakes_are_told_together(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each."""
    assert _token("A", "--person", "anna", "--scope", "x", "--expires", "x") == ExitCode.USAGE
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["NAME", "--scope", "--expires"]
