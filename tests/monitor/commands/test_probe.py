"""`monitor probe`: one attempt of each probe, now; what it found, and the exit code that follows."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from tests.servers.http import answer, answering
from tests.support.monitors import ROOT
from tests.support.served import served
from tests.support.settings_files import write

FIELDS = ["platform", "probe", "function", "outcome", "reason", "detail", "warnings", "duration_seconds", "phases"]
SECRET = "Sw0rdfish"


def _config(directory: Path, *probes: str) -> Path:
    """Write settings with one platform of these probes, and a second platform with one of its own."""
    lines = "".join(f"      {probe}\n" for probe in probes)
    return write(
        directory,
        "deployment: prod\nplatforms:\n  payments:\n    procedure: {url: https://x.example, file: p.md}\n"
        f"    probes:\n{lines}"
        "  other:\n    procedure: {url: https://x.example, file: p.md}\n"
        "    probes:\n      far: {type: http, function: api, url: http://127.0.0.1:9/, interval: 1s, timeout: 1s}\n"
        "controls: none\nflag: {key: {file: flag.key}}\n",
    )


def _http(name: str, url: str, more: str = "", timeout: str = "15s") -> str:
    return f"{name}: {{type: http, function: sign_in, url: '{url}', interval: 15s, timeout: {timeout}{more}}}"


def _probe(config: Path, *arguments: str) -> int:
    return run(command, "monitor", ["probe", "--config", str(config), "--platform", "payments", *arguments])


def _rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    rows = json.loads(capsys.readouterr().out)
    assert isinstance(rows, list)
    return rows


def test_a_good_probe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, and the row that design 3.3 promises: exactly these members, phases in seconds."""
    with served(answering(answer(200))) as url:
        assert _probe(_config(tmp_path, _http("portal", url)), "--json") == ExitCode.GOOD
    (row,) = _rows(capsys)
    assert list(row) == FIELDS
    names = ("platform", "probe", "function", "outcome", "reason", "warnings")
    assert {name: row[name] for name in names} == {
        "platform": "payments",
        "probe": "portal",
        "function": "sign_in",
        "outcome": "good",
        "reason": "ok",
        "warnings": [],
    }
    assert {"connect", "processing"} <= set(row["phases"]) <= {"resolve", "connect", "tls", "processing", "transfer"}
    assert 0 < sum(row["phases"].values()) <= row["duration_seconds"] < 15


def test_a_bad_probe_is_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1; for a person one line with name, outcome, time, and what was found."""
    with served(answering(answer(503))) as url:
        assert _probe(_config(tmp_path, _http("portal", url))) == ExitCode.FINDING
    line = capsys.readouterr().out
    assert line.startswith("payments/portal  bad ")
    assert "status 503" in line
    assert "connect " in line
    assert line.count("\n") == 1


def test_what_could_not_be_measured_is_neither(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 4; the reason says why, the secret's place is named and nothing more."""
    more = ", headers: {Authorization: {env: NOBODY_SET_THIS}}"
    assert _probe(_config(tmp_path, _http("portal", "http://127.0.0.1:9/", more)), "--json") == ExitCode.NOT_MEASURED
    (row,) = _rows(capsys)
    assert (row["outcome"], row["reason"]) == ("not_measured", "secret_unavailable")
    assert "NOBODY_SET_THIS" in row["detail"]


def test_the_worst_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bad one beside one not measured is a finding; every one has its row, in the settings' order."""
    with served(answering(answer(500))) as url:
        more = ", headers: {Authorization: {env: NOBODY_SET_THIS}}"
        config = _config(tmp_path, _http("c", url), _http("a", url, more), _http("b", url))
        assert _probe(config, "--json") == ExitCode.FINDING
        assert [row["probe"] for row in _rows(capsys)] == ["c", "a", "b"]
        assert _probe(config, "a") == ExitCode.NOT_MEASURED
        assert capsys.readouterr().out.startswith("payments/a  not measured ")


def test_a_warning_leaves_it_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0, and the warning is shown."""
    with served(answering(answer(200), after=0.05)) as url:
        config = _config(tmp_path, _http("portal", url, ", warn: {duration: 10ms}"))
        code = _probe(config, "--json")
        (row,) = _rows(capsys)
        assert (code, row["outcome"], row["warnings"]) == (ExitCode.GOOD, "good", ["duration"])
        assert _probe(config) == ExitCode.GOOD
        assert "warning: duration" in capsys.readouterr().out


def test_a_secret_is_sent_and_never_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The target gets it; nobody else does, also when the target refuses it or repeats it."""
    heads: list[bytes] = []
    monkeypatch.setenv("PORTAL_TOKEN", f"Bearer {SECRET}")
    body = f'{{"you sent": "{SECRET}"}}'.encode()
    with served(answering(answer(401, body), keeps=heads)) as url:
        more = ", headers: {Authorization: {env: PORTAL_TOKEN}}"
        config = _config(tmp_path, _http("portal", url, more))
        assert _probe(config, "--json") == ExitCode.NOT_MEASURED
        said = capsys.readouterr()
        assert _probe(config) == ExitCode.NOT_MEASURED
        shown = capsys.readouterr()
    assert SECRET.encode() in heads[0]
    assert SECRET not in said.out + said.err + shown.out + shown.err
    assert json.loads(said.out)[0]["reason"] == "credentials_refused"


def test_a_name_that_is_not_there_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both for probes and for platforms; what can be named is listed."""
    config = _config(tmp_path, _http("portal", "http://127.0.0.1:9/"), _http("api", "http://127.0.0.1:9/"))
    assert _probe(config, "portl") == ExitCode.USAGE
    assert capsys.readouterr().err == "no probe is called portl: expected one of api, portal\n"
    assert run(command, "monitor", ["probe", "--config", str(config), "--platform", "x\x1b[2J"]) == ExitCode.USAGE
    assert capsys.readouterr().err == "no platform is called x\\u001b[2J: expected one of payments, other\n"


def test_invalid_settings_are_told_as_by_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 3 and a line for each mistake; nothing is asked."""
    assert _probe(write(tmp_path, "deployment: [")) == ExitCode.INVALID
    assert capsys.readouterr().err.startswith(f"{tmp_path}/glasswatch.yaml:2:1  expected valid YAML")


def test_all_platforms_are_probed_unless_one_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each row says whose it is."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    config = _config(tmp_path, _http("portal", f"http://127.0.0.1:{free}/"))
    assert run(command, "monitor", ["probe", "--json", "--config", str(config)]) == ExitCode.FINDING
    assert [(row["platform"], row["probe"]) for row in _rows(capsys)] == [("payments", "portal"), ("other", "far")]


def test_a_hanging_target_ends_it_by_its_own_deadline(tmp_path: Path) -> None:
    """As a real process: exit 1 after the probe's second, a JSON array on stdout, nothing on stderr."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = _config(tmp_path, _http("portal", f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout="500ms"))
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "probe", "--json", "--config", str(config), "--platform", "payments"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=ROOT,
        )
    assert (done.returncode, done.stderr) == (ExitCode.FINDING, "")
    (row,) = json.loads(done.stdout)
    assert (row["outcome"], row["reason"]) == ("bad", "timeout")
