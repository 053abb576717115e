"""The watchdog is fed while everything gets on, and starves when anything is stuck."""

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from glasswatch.settings.load import load
from monitor.assembly import assemble
from monitor.keeper import Keeper
from monitor.parts import Assembly
from monitor.rules.liveliness import STUCK_SECONDS
from monitor.servicemanager import ServiceManager
from monitor.settings.root import MonitorSettings
from monitor.watchdog import Watchdog
from tests.support.clock import ManualClock
from tests.support.monitors import Wanted, make_home


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """Who listens."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def _told(manager: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(manager.recv(65536).decode())
        except BlockingIOError:
            return found


async def test_a_platform_that_is_not_settled_starves_it(
    tmp_path: Path, manager: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    """What was decided waits, and nobody settles it: logged once, and the manager hears no more of us."""
    clock = ManualClock()
    home = make_home(tmp_path / "home", Wanted("http://127.0.0.1:1/", every="15s"))
    parts: Assembly = await assemble(load(home.config, MonitorSettings), clock)
    ours = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000000"}, clock)
    try:
        watchdog = Watchdog(parts, ours)
        parts.board.keepers["payments"].tick()  # its flag is to be signed, and no settler runs
        watchdog.look()
        first, status = _told(manager)
        assert first == "WATCHDOG=1"
        assert status.startswith("STATUS=not ready: the flag of payments is not signed yet")
        clock.advance(STUCK_SECONDS)
        watchdog.look()
        assert _told(manager) == ["WATCHDOG=1"]
        caplog.set_level(logging.ERROR)
        clock.advance(1)
        for _ in range(3):
            watchdog.look()
            clock.advance(1)
        assert _told(manager) == ["STATUS=stuck: settling of payments"]
        assert [record.message for record in caplog.records] == ["stuck"]
        parts.settlers[0].turns += 1  # it gets on
        watchdog.look()
        assert "WATCHDOG=1" in _told(manager)
    finally:
        ours.close()
        await parts.close()


async def test_probing_is_given_as_long_as_the_settings_in_force_say(tmp_path: Path, manager: socket.socket) -> None:
    """The quickest probe sets the pace, and another does as soon as a reload has put it there."""
    clock = ManualClock()
    home = make_home(tmp_path / "home", Wanted("http://127.0.0.1:1/", every="15s"))
    parts: Assembly = await assemble(load(home.config, MonitorSettings), clock)
    ours = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "3000000"}, clock)
    try:
        watchdog = Watchdog(parts, ours)
        (probe,) = parts.board.keepers["payments"].policy.probes.values()
        before = watchdog._pace()
        assert before == max(probe.interval, probe.confirm_every) + probe.timeout
        quicker = replace(probe, interval=probe.interval / 3, confirm_every=probe.interval / 3)
        policy = replace(parts.board.keepers["payments"].policy, probes={probe.name: quicker})
        parts.board.keepers["payments"] = cast("Keeper", SimpleNamespace(policy=policy))
        assert watchdog._pace() == probe.interval / 3 + probe.timeout
        parts.board.keepers.clear()
        assert watchdog._pace() is None
    finally:
        ours.close()
        await parts.close()
