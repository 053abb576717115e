"""`monitor probe` of a journey: its spans, what it left open, and the exit code that follows."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
    assert re.fullmatch(r'request of run [0-9a-f]{16} \(.*request "[^"]+"\)', row["residue"][0])


def test_what_is_left_is_named_as_the_platform_names_it(
    tmp_path: Path, platform: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person has to find it there, and the log of the command is whole lines."""
    platform.show("revoke", kind="fail")
    assert run(command, "monitor", ["probe", "--config", str(_config(tmp_path, platform))]) == ExitCode.RESIDUE
    out, err = capsys.readouterr()
    world: Any = platform.admin("GET", "/admin/world").data()
    (request,) = [each["id"] for each in world["requests"]]
    assert re.search(
        rf'  left open: request of run [0-9a-f]{{16}} \(.*"{re.escape(request)}"\); close it by hand\n', out
    )
    (line,) = err.splitlines()
    assert re.match(r"\S+Z warning glasswatch\.journey journey_left_open run=[0-9a-f]{16} step=request ", line)
    assert f"kept_request={json.dumps(json.dumps(request))}" in line


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def _begun(config: Path, platform: Simulated) -> asyncio.subprocess.Process:
    """Start `monitor probe`; return once something is open."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "monitor", "probe", "--config", str(config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    await until(lambda: "granted" in platform.admin("GET", "/admin/world").body.decode(), 20, every=0.05)
    return process


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(("closes", "code"), [(True, ExitCode.INTERRUPTED), (False, ExitCode.RESIDUE)])
async def test_told_to_stop_it_closes_what_it_opened_or_names_it(
    tmp_path: Path, platform: Simulated, number: signal.Signals, *, closes: bool, code: ExitCode
) -> None:
    """Ctrl-C or a signal while it is in: 5 where everything was cleaned up, 6 where something is left."""
    platform.show("connect", kind="hang")
    if not closes:
        platform.show("revoke", kind="fail")
    process = await _begun(_config(tmp_path, platform), platform)
    await asyncio.sleep(0.5)
    process.send_signal(number)
    _, said = await process.communicate()
    assert process.returncode == code, said
    assert (b"left open: payments/access: request of run " in said) is not closes
    assert b"Traceback" not in said


async def test_more_signals_do_not_cut_the_clean_up_short(tmp_path: Path, platform: Simulated) -> None:
    """Who closes a terminal, or manages services, sends one after the other."""
    platform.show("connect", kind="hang")
    platform.show("revoke", kind="slow", seconds=1)
    config = _config(tmp_path, platform)
    write(tmp_path, config.read_text().replace("clean_up: 1s", "clean_up: 20s"))
    process = await _begun(config, platform)
    await asyncio.sleep(0.5)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        process.send_signal(number)
        await asyncio.sleep(0.1)
    _, said = await process.communicate()
    assert process.returncode == ExitCode.INTERRUPTED, said
    world: Any = platform.admin("GET", "/admin/world").data()
    assert not any(grant["is_live"] for grant in world["grants"])


async def test_with_nobody_reading_its_answer_it_still_names_what_is_left(tmp_path: Path, platform: Simulated) -> None:
    """A broken pipe must not hide residue."""
    platform.show("revoke", kind="fail")
    process = await _begun(_config(tmp_path, platform), platform)
    assert process.stdout is not None
    process.stdout._transport.close()  # type: ignore[attr-defined]  # the reader goes away
    assert process.stderr is not None
    said = await process.stderr.read()
    assert await process.wait() == ExitCode.RESIDUE, said
    assert b"left open: payments/access: request of run " in said
    assert b"Traceback" not in said


def test_what_may_still_come_to_be_open_is_named_too(
    tmp_path: Path, platform: Simulated, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was there when it was looked up, but the request may still be under way, and nobody looks again."""
    platform.show("request", kind="fail")
    text = _config(tmp_path, platform).read_text()
    text = text.replace("certain_after: 1s", "certain_after: 1m").replace("/requests?reason", "/nowhere?reason")
    assert run(command, "monitor", ["probe", "--config", str(write(tmp_path, text))]) == ExitCode.RESIDUE
    assert "not known closed: payments/access: possibly request of run " in capsys.readouterr().err
