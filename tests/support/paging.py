"""A monitor's life as far as pages go: store, gate and outbox on a disk, that can be killed and started again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from glasswatch.clock import Clock, SystemClock
from monitor.lane import Pace
from monitor.model.page import Page
from monitor.model.record import Commit, DeliveryState, RoutedPage
from monitor.model.state import PlatformState
from monitor.outbox import Outbox, OutboxContext
from monitor.ports import Channel
from monitor.rules.fallback import Fallback
from monitor.rules.retry import RetryPolicy
from monitor.storegate import StoreGate
from tests.support.channels import CountingObserver
from tests.support.memory_store import Disk, MemoryStore

MILLISECOND = timedelta(milliseconds=1)
QUICK = Pace(
    retry=RetryPolicy(first=MILLISECOND, first_refused=MILLISECOND, cap=4 * MILLISECOND),
    longest_send=timedelta(seconds=30),
    intent_patience=timedelta(seconds=20),
)


class PagingLife:
    """One process's life. `disk` and `channels` outlive it."""

    def __init__(  # noqa: PLR0913 - a test names what it changes
        self,
        channels: Mapping[str, Channel],
        disk: Disk | None = None,
        *,
        pace: Pace = QUICK,
        clock: Clock | None = None,
        observer: CountingObserver | None = None,
        fallbacks: Callable[[Page], Sequence[Fallback]] = lambda _: (),
    ) -> None:
        self.store = MemoryStore(disk)
        self.disk = self.store.disk
        self.clock = clock or SystemClock()
        self.gate = StoreGate(lambda _is_open, _why: None, retry_seconds=0.01)
        self.observer = observer or CountingObserver()
        context = OutboxContext(
            self.store, self.gate, self.clock, lambda _: tuple(channels), self.observer, pace, fallbacks
        )
        self.outbox = Outbox(channels, context)

    async def start(self) -> None:
        """Open the store and start the outbox."""
        await self.store.open()
        await self.outbox.start()

    async def decide(self, *pages: RoutedPage) -> None:
        """Commit pages and hand them in, as the settler does."""
        await self.commit(*pages)
        for routed in pages:
            self.outbox.submit(routed)

    async def commit(self, *pages: RoutedPage) -> None:
        """Commit pages without handing them in."""
        known = self.disk.platforms.get("payments")
        commit = Commit(
            platform="payments",
            expected_revision=known.revision if known else 0,
            at=self.clock.now(),
            after=PlatformState("payments"),
            facts=(),
            changed_probes=(),
            flag=None,
            pages=pages,
            audit=(),
        )
        await self.store.commit(commit)

    def hand_in_unrecorded(self, routed: RoutedPage) -> None:
        """Hand in a page that the store never saw."""
        self.outbox.submit(replace(routed, page=replace(routed.page, unrecorded=True)))

    async def look_for_fallbacks(self) -> None:
        """Look now for pages that were not taken in time, as the outbox does every second; let what follows begin."""
        assert self.outbox._fallbacks is not None
        self.outbox._fallbacks.look()
        for _ in range(100):
            await asyncio.sleep(0)

    def state(self, one: Page, channel: str = "ops") -> DeliveryState:
        """Return how far a page got, as far as the disk knows."""
        return self.disk.delivery_state(one.id, channel)

    async def kill(self) -> None:
        """End as SIGKILL does: nothing more reaches the disk."""
        self.store.crash()
        outbox = self.outbox
        tasks, outbox._tasks = [*outbox._tasks, *outbox._runs.values()], []
        tasks += [task for side in outbox._sides.values() for task in side]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def open_gate(self) -> None:
        """Do what the gate does when it finds the store writable again, without its second of waiting."""
        await self.outbox._progress.drain()
        self.gate._closed.clear()


@asynccontextmanager
async def living(
    channels: Mapping[str, Channel],
    disk: Disk | None = None,
    *,
    pace: Pace = QUICK,
    clock: Clock | None = None,
) -> AsyncIterator[PagingLife]:
    """Live for the length of a block; whatever is left then is killed."""
    life = PagingLife(channels, disk, pace=pace, clock=clock)
    await life.start()
    try:
        yield life
    finally:
        await life.kill()
