"""`monitor probe NAME --forget-residue`: what is sent to the running monitor, said, and ended with."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from monitor.model.residue import Gone
from monitor.web.face import WebFace
from tests.support.desk import token
from tests.support.face import World, serving
from tests.support.settings_files import write

WHY = ("--because", "withdrawn by hand, INC-7")
PROBE = "portal"
CONFIG = (
    "deployment: prod\nplatforms:\n  payments:\n    procedure: {url: https://x.example, file: p.md}\n    probes:\n"
    "      portal: {type: http, function: sign_in, url: https://x.example, interval: 10s}\n"
    "controls: none\nflag: {key: {file: flag.key}}\n"
)


class Said:
    """A monitor that keeps what is said to be gone, and had so many steps of it on record."""

    def __init__(self, *steps: str) -> None:
        self.said: list[Gone] = []
        self._steps = steps

    async def gone(self, gone: Gone) -> tuple[str, ...]:
        """Keep it."""
        self.said.append(gone)
        return self._steps

    def face(self) -> WebFace:
        """Return its face."""
        world = World()
        world.site = replace(world.site, tokens=(token("secret", "maintenance"),))
        return WebFace(world.site, replace(world.sources(), gone=self.gone), world.static_file)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, and a person's token."""
    monkeypatch.setenv("GLASSWATCH_TOKEN", "secret")
    return write(tmp_path, CONFIG)


async def _forget(said: Said, config: Path, *arguments: str) -> int:
    async with serving(said.face()) as (host, port):
        words = ["probe", *arguments, "--config", str(config), "--url", f"http://{host}:{port}"]
        return await asyncio.to_thread(run, command, "monitor", words)


async def test_what_is_gone_is_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Run and step as they are named, whose it was by the settings, and what was forgotten is said."""
    said = Said("request", "grant")
    assert await _forget(said, config, PROBE, "--forget-residue", "4b1f/request", *WHY) == ExitCode.GOOD
    assert said.said == [Gone("payments", PROBE, "4b1f", "request", "anna", "anna-token", WHY[1])]
    assert capsys.readouterr().out.splitlines() == [
        "payments/portal: request of run 4b1f is forgotten",
        "payments/portal: grant of run 4b1f is forgotten",
    ]


async def test_a_journey_that_is_no_longer_there(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its platform is named by hand."""
    said = Said("request")
    words = ("renamed", "--platform", "old", "--forget-residue", "4b1f", *WHY, "--json")
    assert await _forget(said, config, *words) == ExitCode.GOOD
    assert [(gone.platform, gone.probe, gone.step) for gone in said.said] == [("old", "renamed", None)]
    assert json.loads(capsys.readouterr().out)["steps"] == ["request"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((PROBE, "--forget-residue", "4b1f"), "expected one PROBE, and --because"),
        (("--forget-residue", "4b1f", *WHY), "expected one PROBE, and --because"),
        ((PROBE, "--forget-residue", "../4b1f", *WHY), "expected RUN or RUN/STEP"),
        (("renamed", "--forget-residue", "4b1f", *WHY), "--platform: expected"),
        ((PROBE, *WHY), "belong to --forget-residue"),
    ],
)
async def test_what_is_not_clear_is_not_sent(
    config: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    """2, and nothing was said to the monitor; no attempt is made either."""
    said = Said("request")
    assert await _forget(said, config, *arguments) == ExitCode.USAGE
    assert words in capsys.readouterr().err
    assert said.said == []


async def test_what_is_not_on_record(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """2: it names nothing."""
    assert await _forget(Said(), config, PROBE, "--forget-residue", "4b1f", *WHY) == ExitCode.USAGE
    assert "nothing that this run left open is on record" in capsys.readouterr().err
