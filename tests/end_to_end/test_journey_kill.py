"""Killed at each step of a journey, the monitor leaves nothing open once it runs again. Real processes on all sides."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.journey_settings import SECRET, steps_without_anchors
from tests.support.monitors import Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.simulator import Simulated, simulated
from tests.support.waiting import until

PROBE = """\
      access:
        type: journey
        function: connect
        url: {url}
        secrets: {{password: {{env: {secret}}}}}
        interval: 6s
        timeout: 3s
        clean_up: 1s
        confirm: {{attempts: 2, every: 100ms}}
        steps:
"""
# What is mute carries out what it is asked and never answers.
STAGES: dict[str, tuple[str, dict[str, object]]] = {
    "signing in": ("sign_in", {"kind": "hang"}),
    "the request is granted unheard": ("request", {"kind": "mute"}),
    "the request never arrives": ("request", {"kind": "hang"}),
    "using it": ("connect", {"kind": "hang"}),
    "giving it back": ("revoke", {"kind": "hang"}),
    "giving it back unheard": ("revoke", {"kind": "mute"}),
}


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulated]:
    """The platform, and the probe's secret for the monitor."""
    monkeypatch.setenv(SECRET, "probe-pretend")
    with simulated() as running:
        yield running


@pytest.fixture
async def monitor(platform: Simulated, tmp_path: Path) -> AsyncIterator[MonitorProcess]:
    """A monitor whose one probe is a journey, not started yet."""
    home = make_home(tmp_path / "home", Wanted(url=f"{platform.url}/health"))
    _put_journey(home, platform.url)
    async with monitor_in(home) as made:
        yield made


def _put_journey(home: Home, url: str) -> None:
    lines = home.config.read_text().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if "type: http" in line)
    steps = "".join(f"          {line}\n" for line in steps_without_anchors().splitlines())
    lines[place] = PROBE.format(url=url, secret=SECRET) + steps
    home.config.write_text("".join(lines))


def _world(platform: Simulated) -> Any:
    return platform.admin("GET", "/admin/world").data()


def _live(platform: Simulated) -> list[str]:
    """Return what is live or may still become so."""
    world = _world(platform)
    grants = [grant["id"] for grant in world["grants"] if grant["is_live"]]
    return grants + [each["id"] for each in world["requests"] if each["state"] in ("pending", "approved", "granted")]


async def _killed(monitor: MonitorProcess) -> None:
    os.kill(monitor.pid, signal.SIGKILL)
    assert await monitor.ended() == -signal.SIGKILL, monitor.said


async def _settled(monitor: MonitorProcess, platform: Simulated) -> None:
    """Start again on a platform that is well; wait until a journey was good and nothing is left anywhere."""
    platform.recover()
    await monitor.start()
    await monitor.verdict_is("up", 40)
    await until(lambda: not monitor.home.rows("SELECT * FROM openings"), 30, every=0.1)
    await monitor.end()
    assert _live(platform) == []
    assert "Traceback" not in monitor.log


@pytest.mark.timeout(180)
@pytest.mark.parametrize("stage", STAGES)
async def test_killed_at_a_step_it_leaves_nothing_open(
    monitor: MonitorProcess, platform: Simulated, stage: str
) -> None:
    """What was opened is on record before it is opened, and closed at the next start."""
    function, fault = STAGES[stage]
    platform.show(function, **fault)
    await monitor.start()
    await until(lambda: _is_under_way(platform, function), 30, every=0.02)
    await asyncio.sleep(0.5)
    await _killed(monitor)
    if stage == "the request is granted unheard":
        assert _live(platform) != []
    await _settled(monitor, platform)


def _is_under_way(platform: Simulated, function: str) -> bool:
    """Whether the step before the one that is faulty was answered: what hangs is recorded only when it ends."""
    world = _world(platform)
    return {
        "sign_in": True,
        "request": bool(world["sessions"]),
        "connect": any(grant["is_live"] for grant in world["grants"]),
        "revoke": bool(world["uses"]),
    }[function]


@pytest.mark.timeout(180)
async def test_killed_at_any_instant_again_and_again_it_leaves_nothing_open(
    monitor: MonitorProcess, platform: Simulated
) -> None:
    """A platform that takes its time at every call, and six kills a little later each time."""
    platform.show("all", kind="slow", seconds=0.15)
    for kill in range(6):
        await monitor.start()
        await asyncio.sleep(0.2 + 0.35 * kill)
        await _killed(monitor)
    await _settled(monitor, platform)


@pytest.mark.timeout(120)
async def test_told_to_stop_in_the_middle_it_closes_what_is_open(monitor: MonitorProcess, platform: Simulated) -> None:
    """SIGTERM ends it with 0, soon, and nothing is left for the next start."""
    platform.show("connect", kind="hang")
    await monitor.start()
    await until(lambda: _live(platform), 30, every=0.02)
    await asyncio.sleep(0.5)
    assert await monitor.end() == 0
    assert _live(platform) == []
    assert monitor.home.rows("SELECT * FROM openings") == []
