"""The daemon as a whole, inside the test's own loop: it ends in order, also by a fault of ours."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest

from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode
from glasswatch.settings.load import load
from monitor.assembly import assemble
from monitor.daemon import Daemon
from monitor.errors import StoreUnavailable
from monitor.model.event import Observed
from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.parts import Assembly
from monitor.rules.schedule import Grid, grid_of
from monitor.scheduler import ProbeLoop
from monitor.settings.policy import policies_of
from monitor.settings.root import MonitorSettings
from tests.support.monitors import PLATFORM, Home, Wanted, make_home
from tests.support.receiver import Hang, Receiver, receiving
from tests.support.virtual_time import VirtualClock, run
from tests.support.waiting import until


@pytest.fixture
async def target() -> AsyncIterator[Receiver]:
    """A target that answers."""
    async with receiving() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, target: Receiver) -> Home:
    """A monitor of that target."""
    return make_home(tmp_path / "home", Wanted(target.url))


def _settings(home: Home) -> MonitorSettings:
    return load(home.config, MonitorSettings)


class _Breaks:
    """Stands in for a probe's loop: ends with a fault when told to."""

    def __init__(self) -> None:
        self.now = asyncio.Event()

    async def run(self) -> None:
        """Wait, then break."""
        await self.now.wait()
        raise ZeroDivisionError("a bug")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, ExitCode.GOOD), (signal.SIGINT, ExitCode.INTERRUPTED)], ids=["TERM", "INT"]
)
async def test_a_signal_ends_it(home: Home, number: signal.Signals, code: ExitCode) -> None:
    """SIGTERM is a good end, Ctrl-C an interruption; the first one counts."""
    running = asyncio.create_task(Daemon(_settings(home)).run())
    await until(lambda: home.flag.exists() or running.done())
    os.kill(os.getpid(), number)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(40):
        assert await running is code


async def test_a_signal_while_it_starts_ends_it_as_soon_as_it_has_started(home: Home) -> None:
    """Nothing is half made: it starts, and ends."""
    daemon = Daemon(_settings(home))
    running = asyncio.create_task(daemon.run())
    await asyncio.sleep(0)
    daemon.stop(signal.SIGTERM)
    async with asyncio.timeout(40):
        assert await running is ExitCode.GOOD


async def test_a_fault_of_ours_ends_it_with_everything_let_go(home: Home, target: Receiver) -> None:
    """What was decided before is on record; the port is free, the store is not locked; a hanging target or no."""
    target.default = Hang()
    parts, broken = await _with_fault(home)
    running = asyncio.create_task(_ended(parts))
    await until(lambda: target.received)
    _decide(parts)  # in the same instant
    broken.now.set()
    with pytest.raises(ExceptionGroup) as caught:
        await running
    assert caught.group_contains(ZeroDivisionError, depth=2)
    (row,) = home.rows("SELECT state FROM platforms")
    assert '"verdict":"up"' in str(row["state"])
    await (await assemble(_settings(home), SystemClock())).close()


async def test_signs_of_life_wait_until_everything_decided_is_on_record(home: Home) -> None:
    """A restart counts its gap from the last sign of life: so none may be newer than what is on record."""
    daemon = Daemon(_settings(home))
    parts = await assemble(_settings(home), SystemClock())
    living = asyncio.create_task(daemon._live(parts))
    try:
        _decide(parts)  # it waits for its settler, which does not run
        assert not parts.settlers[0].is_settled
        await asyncio.sleep(0.3)
        assert not home.rows("SELECT * FROM alive_spans")
        settling = asyncio.create_task(parts.settlers[0].run())
        await until(lambda: home.rows("SELECT * FROM alive_spans"))
        settling.cancel()
    finally:
        living.cancel()
        await parts.close()


async def test_a_closed_gate_opens_only_on_a_real_write(home: Home) -> None:
    """Where nothing is kept a sign of life is the proof: else it would open and close every few seconds."""
    parts = await assemble(_settings(home), SystemClock())
    watching = asyncio.create_task(parts.gate.watch())
    settling = asyncio.create_task(parts.settlers[0].run())
    try:
        await until(lambda: parts.settlers[0].is_settled)
        assert not home.rows("SELECT * FROM alive_spans")
        parts.gate.failed(StoreUnavailable("the disk is full"))
        await until(lambda: parts.gate.is_open)
        assert home.rows("SELECT * FROM alive_spans")
    finally:
        watching.cancel()
        settling.cancel()
        await parts.close()


@pytest.mark.parametrize("seconds", [1.0, 5.0])
@pytest.mark.parametrize("early", [0.0, 0.002, -0.2])
def test_what_is_done_every_second_is_done_when_the_probes_burst_is_over(seconds: float, early: float) -> None:
    """At the same part of each second, as often as said, however early or late it was before."""

    async def main() -> None:
        daemon = Daemon(cast("MonitorSettings", None), VirtualClock())
        loop, grid = asyncio.get_running_loop(), Grid(timedelta(seconds=0.75), timedelta(seconds=0.25 / 2))
        beats = []
        await daemon._beat(grid, seconds)
        await asyncio.sleep(1 - early)
        for _ in range(3):
            await daemon._beat(grid, seconds)
            beats.append(loop.time())
        assert [round(beat % 1, 3) for beat in beats] == [0.875] * 3
        assert [round(after - before, 3) for before, after in pairwise(beats)] == [seconds] * 2

    run(main())


async def test_probes_and_ticks_share_one_grid(home: Home) -> None:
    """It derives from the deployment, the vantage and all probes."""
    settings = _settings(home)
    parts = await assemble(settings, SystemClock())
    try:
        probes = [probe for policy in policies_of(settings).values() for probe in policy.probes.values()]
        assert parts.grid == grid_of(settings.deployment, settings.vantage, probes)
        assert {loop._slots.grid for loop in parts.loops} == {parts.grid}
    finally:
        await parts.close()


def _decide(parts: Assembly) -> None:
    now = SystemClock().now()
    outcome = Outcome(OutcomeKind.GOOD, Reason.OK, "status 200", now, 0.01)
    assert parts.board.keepers[PLATFORM].hear(Observed("probe_sign_in", outcome, now)).facts


async def _with_fault(home: Home) -> tuple[Assembly, _Breaks]:
    parts, broken = await assemble(_settings(home), SystemClock()), _Breaks()
    return replace(parts, loops=(*parts.loops, cast("ProbeLoop", broken))), broken


async def _ended(parts: Assembly) -> None:
    settings = cast("MonitorSettings", None)  # what it is made of is here already
    async with asyncio.timeout(40):
        try:
            await parts.outbox.start()
            await Daemon(settings)._run(parts)
        finally:
            await parts.close()
