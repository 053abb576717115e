"""`monitor probe --explain`: what a person reads, what a program gets, and that neither holds a secret."""

import json
from pathlib import Path
from typing import Any

import click
import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from monitor.commands import explain
from monitor.model.explanation import Attempted, Check, Exchange, Explanation, Message
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.settings.http import HttpProbeSettings
from monitor.web.detail import Known, detail
from monitor.web.site import Site
from monitor.wire.probes import AttemptAnswer
from tests.servers.http import answer, answering
from tests.servers.raw import Script
from tests.support.clock import START
from tests.support.explaining import core, notations
from tests.support.rulings import policy, probe
from tests.support.served import served
from tests.support.settings_files import write

SECRET = "Sw0rd/f+ish-99"
SETTINGS = HttpProbeSettings.model_validate({"function": "sign_in", "url": "https://x.example/"})


def _config(directory: Path, url: str, more: str = "") -> Path:
    return write(
        directory,
        "deployment: prod\nlisten: 127.0.0.1:1\nplatforms:\n  payments:\n"
        "    procedure: {url: https://x.example, file: p.md}\n    probes:\n"
        f"      portal: {{type: http, function: sign_in, url: '{url}', interval: 10s, timeout: 10s{more}}}\n"
        "controls: none\nflag: {key: {file: flag.key}}\n",
    )


def _probe(config: Path, *arguments: str) -> int:
    return run(command, "monitor", ["probe", "portal", "--config", str(config), "--explain", *arguments])


def test_everything_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line as ever, then settings, phases, what was said and heard, why, and the last failures."""
    with served(answering(answer(503, b"down for\nmaintenance"))) as url:
        assert _probe(_config(tmp_path, url)) == ExitCode.FINDING
    shown = capsys.readouterr().out
    assert shown.startswith("payments/portal  bad ")
    for words in (
        "  settings\n    type: http\n",
        "    interval: 10s\n",
        "  phases\n",
        "    > GET / HTTP/1.1\n",
        "    < HTTP/1.1 503 Said\n",
        "    | down for\n    | maintenance\n",
        "    NO status  expected 200\n               found 503\n",
        "  last failures\n    no monitor answers at http://127.0.0.1:1",
    ):
        assert words in shown


def test_the_same_as_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the row's own members."""
    with served(answering(answer(503, b"down"))) as url:
        assert _probe(_config(tmp_path, url), "--json") == ExitCode.FINDING
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["outcome"], row["reason"]) == ("bad", "status")
    assert row["settings"]["url"] == url
    (exchange,) = row["explanation"]["exchanges"]
    assert (exchange["heard"]["line"], exchange["heard"]["body"]) == ("HTTP/1.1 503 Said", "down")
    assert [check["rule"] for check in row["explanation"]["checks"]] == ["status"]
    assert row["failures"] == []
    assert row["failures_note"].startswith("no monitor answers")


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_no_secret_is_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    """In any notation, whatever the server gives back."""
    monkeypatch.setenv("PORTAL_TOKEN", SECRET)
    echo = " ".join(notations(SECRET).values())
    in_a_line = " ".join(written for written in notations(SECRET).values() if "\n" not in written)
    with served(answering(answer(401, echo.encode(), [("X-Echo", in_a_line)]))) as url:
        config = _config(tmp_path, url, ", auth: {basic: {user: probe, password: {env: PORTAL_TOKEN}}}")
        assert _probe(config, *arguments) == ExitCode.NOT_MEASURED
    out, err = capsys.readouterr()
    assert "password" in out  # its reference
    for notation, written in notations(SECRET).items():
        assert core(notation, written) not in out + err, notation


def _tells(deployment: str) -> Script:
    """Answer as the monitor of a deployment does that has one failure on record."""
    site = Site(deployment, "fra-1", "1", {})
    outcome = Outcome(OutcomeKind.BAD, Reason.STATUS, "what it saw last night", START, 0.2)
    known = Known(None, {}, None, [Attempted(outcome)])
    told = detail(site, policy(probe()), "portal", known).model_dump_json()
    return answering(answer(200, told.encode(), [("Content-Type", "application/json")]))


@pytest.mark.parametrize(("deployment", "is_ours"), [("prod", True), ("staging", False)])
def test_the_last_failures_are_this_deployments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], deployment: str, *, is_ours: bool
) -> None:
    """Who tells them is named; another deployment's monitor at the same address has nothing to say."""
    with served(_tells(deployment)) as listening, served(answering(answer(503))) as url:
        config = _config(tmp_path, url)
        write(tmp_path, config.read_text().replace("127.0.0.1:1\n", f"{listening[7:-1]}\n"))
        assert _probe(config) == ExitCode.FINDING
    shown = capsys.readouterr().out
    assert ("what it saw last night" in shown) is is_ours
    if is_ours:
        assert f"  last failures, by prod/fra-1 at {listening[:-1]}\n" in shown
    else:
        assert f"the monitor at {listening[:-1]} is another deployment's: staging" in shown


def test_a_short_secret_leaves_our_own_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What came from outside is not shown; which rule decided, and why, is."""
    (tmp_path / "token").write_text("abc")
    (tmp_path / "token").chmod(0o600)
    with served(answering(answer(503, b"down, abc", [("X-Said", "abc")]))) as url:
        assert _probe(_config(tmp_path, url, ", auth: {bearer: {file: token}}")) == ExitCode.FINDING
    shown = capsys.readouterr().out
    assert "    NO status  expected 200\n               found 503\n" in shown
    assert "not shown: one of our secrets is too short" in shown
    assert "down, " not in shown
    assert "X-Said" not in shown


def _text(explanation: Explanation, monkeypatch: pytest.MonkeyPatch, columns: int) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    outcome = Outcome(OutcomeKind.BAD, Reason.STATUS, "x", START, 0.2, {"connect": 0.1, "processing": 0.1})
    row: dict[str, Any] = {
        "at": START, "outcome": "bad", "reason": "status", "detail": "d" * 200, "attempt": "scheduled",
        "is_believed": False, "warnings": (), "duration_seconds": 0.2, "phases": {"connect": 0.1}, "explanation": None,
    }  # fmt: skip
    failures = explain.Failures((AttemptAnswer.model_validate(row),))
    return click.unstyle(explain.as_text(SETTINGS, outcome, explanation, failures)).splitlines()


@pytest.mark.parametrize("columns", [80, 140])
def test_lines_fit_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """However long what was said is; and what would move the cursor is spelled out."""
    long = "word \x1b]0;" * 100 + "x" * 500
    heard = Message("HTTP/1.1 200 OK", (("X-Long", long),), long, "")
    check = Check("json a.b", long, long, holds=False)
    lines = _text(Explanation((check,), (Exchange("", "x:1", "y:1", None, None, heard),)), monkeypatch, columns)
    assert max(map(len, lines)) <= columns
    assert not any("\x1b" in line for line in lines)


def test_a_way_of_many_exchanges_is_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first that was made, also where the earliest are not shown; steps by their name."""
    shown = [Exchange("sign_in", "x:1", "x:1"), Exchange("use", "x:1", "x:1")]
    lines = _text(Explanation((), tuple(shown), left_out=3), monkeypatch, 80)
    assert {"  exchange 4, sign_in", "  exchange 5, use"} <= set(lines)
