"""`monitor probe` of a journey: its spans, what it left open, and the exit code that follows."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from tests.support.journey_settings import SECRET, steps_without_anchors
from tests.support.monitors import ROOT
from tests.support.settings_files import write
from tests.support.simulator import Simulated, simulated
from tests.support.waiting import until

HEAD = """\
deployment: prod
platforms:
  payments:
    procedure: {{url: https://x.example, file: p.md}}
    probes:
      access:
        type: journey
        function: connect
        url: {url}
        secrets: {{password: {{env: {secret}}}}}
        timeout: 20s
        clean_up: 1s
        steps:
"""
TAIL = "controls: none\nflag: {key: {file: flag.key}}\n"


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulated]:
    """The platform, and the probe's secret."""
    monkeypatch.setenv(SECRET, "probe-pretend")
    with simulated() as running:
        yield running


def _config(directory: Path, platform: Simulated) -> Path:
    steps = "".join(f"          {line}\n" for line in steps_without_anchors().splitlines())
    return write(directory, HEAD.format(url=platform.url, secret=SECRET) + steps + TAIL)


def test_a_journey_shows_its_spans_and_what_it_left(
    tmp_path: Path, platform: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the phases, in seconds; nothing left, exit 0."""
    assert run(command, "monitor", ["probe", "--json", "--config", str(_config(tmp_path, platform))]) == ExitCode.GOOD
    (row,) = json.loads(capsys.readouterr().out)
    assert set(row["spans"]) == {"sign_in", "request", "grant", "use", "revoke", "total"}
    assert (row["outcome"], row["residue"], row["warnings"]) == ("good", [], [])


def test_something_left_open_ends_it_with_its_own_code(
    tmp_path: Path, platform: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    """6, and it is named."""
    platform.show("revoke", kind="fail")
    config = str(_config(tmp_path, platform))
    assert run(command, "monitor", ["probe", "--json", "--config", config]) == ExitCode.RESIDUE
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["outcome"], row["reason"], row["warnings"]) == ("bad", "status", ["residue"])
    assert row["residue"][0].startswith("request of run ")


@pytest.mark.parametrize(("closes", "code"), [(True, ExitCode.INTERRUPTED), (False, ExitCode.RESIDUE)])
async def test_interrupted_it_closes_what_it_opened_or_names_it(
    tmp_path: Path, platform: Simulated, *, closes: bool, code: ExitCode
) -> None:
    """Ctrl-C while it is in: 5 where everything was cleaned up, 6 where something is left."""
    platform.show("connect", kind="hang")
    if not closes:
        platform.show("revoke", kind="fail")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "monitor", "probe", "--config", str(_config(tmp_path, platform))),
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    await until(lambda: "granted" in platform.admin("GET", "/admin/world").body.decode(), 20, every=0.05)
    await asyncio.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = await process.communicate()
    assert process.returncode == code, said
    assert (b"left open: payments/access: request of run " in said) is not closes
    assert b"Traceback" not in said
