"""Writes down how far pages got, without ever holding a page up for long.

1. What is noted is written in the order in which it was first noted, so that the store never knows a resolved page
   as sent while it still believes its firing unsent (a restart would then send the firing last).
2. Only the latest word on a delivery is kept and written.
3. While the store can't be written everything is kept; the gate has it written after the commits that recorded the
   pages. What a crash loses in between is sent again on restart: at least once.
"""

import asyncio
import logging
from datetime import timedelta

from monitor.errors import StoreConflict, StoreError, StoreUnavailable
from monitor.model.record import Delivery
from monitor.ports import Store
from monitor.storegate import StoreGate

log = logging.getLogger("glasswatch.outbox")

_Key = tuple[str, str]


class Progress:
    """Keeps and writes deliveries; one task runs `run`."""

    def __init__(self, store: Store, gate: StoreGate) -> None:
        self._store = store
        self._gate = gate
        self._unwritten: dict[_Key, Delivery] = {}
        self._waiting: dict[_Key, asyncio.Event] = {}
        self._noted = asyncio.Event()
        self._is_draining = False

    @property
    def is_written(self) -> bool:
        """Whether nothing is left to be written."""
        return not self._unwritten

    def note(self, delivery: Delivery) -> None:
        """Have a delivery written as soon as that can be done."""
        self._unwritten[_key(delivery)] = delivery
        self._noted.set()

    async def intend(self, delivery: Delivery, patience: timedelta) -> None:
        """Note a delivery and wait until it is written, or is known not to be for now.

        Waits no longer than `patience`, and not at all while the store can't be written.
        """
        self.note(delivery)
        if not self._gate.is_open:
            return
        key = _key(delivery)
        settled = self._waiting[key] = asyncio.Event()
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await settled.wait()
        except TimeoutError:
            log.warning("intent_not_written_in_time", extra={"fields": {"page": key[0], "channel": key[1]}})
        finally:
            if self._waiting.get(key) is settled:
                del self._waiting[key]

    async def run(self) -> None:
        """Write what is noted, while the gate is open. Only cancellation ends it.

        While the gate is closed the gate has this drained, after the commits, and doesn't open before all is written.
        """
        if self._unwritten:  # left by a run that a mistake of ours ended
            self._noted.set()
        while True:
            await self._noted.wait()
            self._noted.clear()
            if self._gate.is_open and not self._is_draining:
                await self._drain_open()

    async def drain(self) -> None:
        """Write everything that is kept, in order.

        Raises:
            StoreUnavailable: it can't be written now; the rest is kept.
        """
        if self._is_draining:
            raise StoreUnavailable("outbox: an earlier write is still under way")
        self._is_draining = True
        try:
            while self._unwritten:
                key, delivery = next(iter(self._unwritten.items()))
                await self._write(delivery)
                if self._unwritten[key] is delivery:
                    del self._unwritten[key]
                    self._answer(key)
        finally:
            self._is_draining = False

    async def _write(self, delivery: Delivery) -> None:
        try:
            await self._store.delivery(delivery)
        except StoreConflict as fault:
            # Writing the same again can't help, and must not hold up the others; a restart sends the page once more.
            log.error(  # noqa: TRY400 - the traceback says nothing more
                "delivery_refused",
                extra={"fields": {"page": delivery.page.id, "channel": delivery.channel, "error": str(fault)}},
            )

    async def _drain_open(self) -> None:
        try:
            await self.drain()
        except StoreError as fault:
            self._gate.failed(fault)
            for settled in self._waiting.values():
                settled.set()

    def _answer(self, key: _Key) -> None:
        settled = self._waiting.get(key)
        if settled is not None:
            settled.set()


def _key(delivery: Delivery) -> _Key:
    return delivery.page.id, delivery.channel
