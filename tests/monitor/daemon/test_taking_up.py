"""What a start goes on from: how far every probe was, and platforms that were out of the settings meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.settings.load import load
from monitor.assembly import assemble
from monitor.model.fact import FlagChanged
from monitor.model.record import Commit
from monitor.model.state import Cause, FlagHead, PlatformState
from monitor.model.verdict import CauseKind, FlagState
from monitor.settings.root import MonitorSettings
from monitor.settle import PATIENCE_SECONDS
from monitor.store.store import SqlStore, make_store
from tests.support.keeping import BAD, GOOD, Watch
from tests.support.monitors import PLATFORM, Home, Wanted, make_home
from tests.support.virtual_time import run

WANTED = Wanted("http://127.0.0.1:1/", flag={"lower_after": "1s", "ttl": "5s", "ready_ttl": "20s"})
LONG_AGO = timedelta(days=3)


def _store(home: Home) -> SqlStore:
    return make_store(f"sqlite:///{home.store}", deployment="test", vantage="main", clock=SystemClock())


async def _with_a_raised_flag(home: Home, unwatched_for: timedelta | None) -> None:
    """Leave a store behind in which the platform was down and the flag ready; the monitor itself was alive just now."""
    store, now = _store(home), SystemClock().now()
    cause = Cause(CauseKind.OUTAGE, "out-1", now - timedelta(minutes=5))
    head = FlagHead(FlagState.READY, now, 1)
    state = PlatformState(PLATFORM, causes=(cause,), flag=head, verdict_since=now)
    if unwatched_for is not None:
        state = replace(state, unwatched_since=now - unwatched_for)
    await store.open()
    facts = (FlagChanged(FlagHead(), head, "an outage"),)
    await store.commit(Commit(PLATFORM, 0, now, state, facts, (), None, (), ()))
    await store.alive(now)
    await store.close()


@pytest.mark.parametrize(
    ("unwatched_for", "expected"),
    [(None, FlagState.READY), (timedelta(seconds=1), FlagState.READY), (LONG_AGO, FlagState.STANDBY)],
    ids=["watched", "gone for a moment", "gone for days"],
)
async def test_a_platform_that_comes_back_is_not_believed_unseen(
    tmp_path: Path, unwatched_for: timedelta | None, expected: FlagState
) -> None:
    """What counts is when this platform was last watched, not when the monitor was last alive."""
    home = make_home(tmp_path / "home", WANTED)
    await _with_a_raised_flag(home, unwatched_for)
    parts = await assemble(load(home.config, MonitorSettings), SystemClock())
    try:
        state = parts.board.keepers[PLATFORM].state
        assert state.flag.state is expected
        assert state.unwatched_since is None
    finally:
        await parts.outbox.start()
        await parts.close()


async def test_a_platform_that_leaves_the_settings_is_noted_once(tmp_path: Path) -> None:
    """The first start without it notes since when; later starts leave that as it is."""
    home = make_home(tmp_path / "home", WANTED)
    await _with_a_raised_flag(home, None)
    home.config.write_text(home.config.read_text().replace(f"  {PLATFORM}:\n", "  other:\n"))
    noted = []
    for _ in range(2):
        parts = await assemble(load(home.config, MonitorSettings), SystemClock())
        await parts.outbox.start()
        await parts.close()
        store = _store(home)
        loaded = await store.open()
        noted.append(loaded.platforms[PLATFORM].state.unwatched_since)
        assert await store.verify_audit() is None
        await store.close()
    assert noted[0] is not None
    assert noted[0] == noted[1]


def test_how_far_every_probe_is_is_written_every_minute() -> None:
    """A restart must not go on from outcomes of long ago: what was bad then may have been good ever since."""

    async def main() -> None:
        watch = Watch()
        probe = watch.probes["portal"]
        async with watch.running():
            probe.act = GOOD
            await asyncio.sleep(60)
            probe.act = BAD
            await asyncio.sleep(16)
            probe.act = GOOD
            await asyncio.sleep(120)
            watch.keeper.tick()
            await watch.until(lambda: watch.settler.is_settled)
            assert watch.store.disk.platforms[watch.keeper.platform].state.probes["portal"] == watch.held()
            await asyncio.sleep(30)
            watch.keeper.checkpoint()
            await watch.until(lambda: watch.settler.is_settled)
            assert watch.store.disk.platforms[watch.keeper.platform].state.probes["portal"] == watch.held()

    run(main())


def test_nobody_waits_long_for_a_slow_store() -> None:
    """A page and a raised flag go out when the store has not answered in time; the write goes on behind."""

    async def main() -> None:
        watch = Watch()
        async with watch.running():
            await watch.until(lambda: watch.keeper.state.verdict_since is not None)
            await asyncio.sleep(30)
            watch.store.hold("commit")
            watch.probes["portal"].act = BAD
            await watch.until(lambda: watch.keeper.state.flag.state is FlagState.READY)
            began = watch.clock.monotonic()
            await watch.until(lambda: any(settled.pages for settled in watch.told))
            assert watch.clock.monotonic() - began <= PATIENCE_SECONDS + 0.1
            assert not watch.gate.is_open
            assert watch.told[-1].pages[0].page.unrecorded
            watch.store.heal("commit")
            await watch.until(lambda: watch.gate.is_open)
            assert watch.settler.is_settled

    run(main())
