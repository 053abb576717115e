"""A clock that leaps is told of, put on record and counted; it is over once it went well for a while."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from monitor.clockwatch import PLACE, ClockContext, ClockWatch
from monitor.metrics.book import MetricsBook
from monitor.model.page import Page, PageStatus
from monitor.model.record import AuditEntry
from monitor.rules.clock import STEADY, TRUSTED
from monitor.storegate import StoreGate
from tests.support.clock import START, ManualClock
from tests.support.memory_store import Disk, MemoryStore
from tests.support.waiting import until


@asynccontextmanager
async def running(*services: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have services run meanwhile."""
    tasks = [asyncio.create_task(service) for service in services]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Settable(ManualClock):
    """A clock that somebody sets."""

    def set_by(self, seconds: float) -> None:
        """Set the wall clock by so much."""
        self._now += timedelta(seconds=seconds)


@dataclass
class _Run:
    """One run of the monitor, as far as its clock is concerned."""

    disk: Disk = field(default_factory=Disk)
    clock: _Settable = field(default_factory=_Settable)
    pages: list[Page] = field(default_factory=list)
    entries: list[AuditEntry] = field(default_factory=list)
    metrics: MetricsBook = field(default_factory=lambda: MetricsBook((), "0.1.0"))

    async def begin(self, last_alive_at: datetime | None = None) -> ClockWatch:
        """Begin, as the daemon does."""
        self.store = MemoryStore(self.disk)
        self.gate = StoreGate(lambda _is_writable, _why: None, retry_seconds=0.01)
        await self.store.open()
        watch = ClockWatch(
            ClockContext(
                deployment="prod",
                vantage="main",
                clock=self.clock,
                store=self.store,
                gate=self.gate,
                note=self.entries.append,
                tell=self.pages.append,
                counted=self.metrics.clock_shifted,
            )
        )
        await watch.take_up(last_alive_at)
        return watch

    def passes(self, watch: ClockWatch, span: timedelta) -> None:
        """Let time pass and look."""
        self.clock.advance(span)
        watch.look()

    @property
    def told(self) -> list[PageStatus]:
        """What the pages said."""
        return [page.status for page in self.pages]


async def test_a_leap_is_told_recorded_and_counted_once() -> None:
    """And resolved when the clock went steadily for a while."""
    run = _Run()
    watch = await run.begin()
    watch.look()
    assert run.pages == []
    run.clock.set_by(3600)
    watch.look()
    watch.look()
    assert run.told == [PageStatus.FIRING]
    (entry,) = run.entries
    assert (entry.kind, entry.body["kind"], entry.body["seconds"]) == ("clock_shifted", "forward", 3600.0)
    assert b'jit_monitor_clock_jumps_total{direction="forward"} 1.0' in run.metrics.render()
    assert b'jit_monitor_clock_jumps_total{direction="back"} 0.0' in run.metrics.render()
    run.passes(watch, STEADY - timedelta(seconds=1))
    assert run.told == [PageStatus.FIRING]
    run.passes(watch, timedelta(seconds=1))
    run.passes(watch, STEADY)
    assert run.told == [PageStatus.FIRING, PageStatus.RESOLVED]


async def test_nothing_is_forgotten_by_a_clock_that_has_just_leapt() -> None:
    """For a day."""
    run = _Run()
    watch = await run.begin()
    assert watch.is_trusted
    run.clock.set_by(400 * 86_400)
    watch.look()
    assert not watch.is_trusted
    run.passes(watch, TRUSTED)
    assert watch.is_trusted


async def test_a_page_that_fires_is_resolved_after_a_restart() -> None:
    """Once the clock went steadily from there."""
    run = _Run()
    watch = await run.begin()
    run.clock.set_by(-100)
    watch.look()
    async with running(watch.run()):
        await until(lambda: run.disk.places.get(PLACE) == "told")
    await run.store.close()
    watch = await run.begin(run.clock.now())
    watch.look()
    run.passes(watch, STEADY)
    assert run.told == [PageStatus.FIRING, PageStatus.RESOLVED]
    async with running(watch.run()):
        await until(lambda: run.disk.places.get(PLACE) == "")


async def test_a_clock_set_back_while_nobody_watched_is_told() -> None:
    """It shows less than the last sign of life did."""
    run = _Run()
    await run.begin(START + timedelta(seconds=90))
    assert "was set back by 1m30s" in run.pages[0].summary
    assert b'direction="back"} 1.0' in run.metrics.render()


async def test_an_absence_may_be_a_leap() -> None:
    """Nothing is told of it, but nothing is forgotten for a day either; a short one means nothing."""
    run = _Run()
    watch = await run.begin(START - timedelta(days=2))
    assert run.pages == []
    assert not watch.is_trusted
    await run.store.close()
    assert (await run.begin(START - timedelta(hours=2))).is_trusted


async def test_what_the_store_does_not_take_is_kept_for_later() -> None:
    """Telling waits for nothing."""
    run = _Run()
    watch = await run.begin()
    run.store.fail("keep_place", times=2)
    run.clock.set_by(100)
    watch.look()
    assert run.told == [PageStatus.FIRING]
    async with running(watch.run(), run.gate.watch()):
        await until(lambda: run.disk.places.get(PLACE) == "told")
