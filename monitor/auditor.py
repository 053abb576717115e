"""Writes down what nobody waits for: entries of the audit that have no effect of ours to stand beside.

1. Noting never waits and never raises. Entries are written in order, as many at a time as are there.
2. While the store can't be written they are kept, and written after; the same entries are given again as they were,
   so that a write whose answer was lost is not repeated.
3. What is kept is bounded. Past the bound an entry is dropped: counted, and logged whole, since the log is then the
   only place where it stands.
4. At the end of the process what could not be written is logged in the same way.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from monitor.errors import StoreError
from monitor.model.record import AuditEntry, ChainHead
from monitor.ports import Store
from monitor.settle import Chain
from monitor.storegate import StoreGate

log = logging.getLogger("glasswatch.audit")

MOST_KEPT: Final = 2_000
_AT_A_TIME: Final = 100

Noted = tuple[str | None, AuditEntry]


class Auditor:
    """Takes entries and has them written by `run`."""

    def __init__(self, store: Store, gate: StoreGate, chain: Chain, most_kept: int = MOST_KEPT) -> None:
        self._store = store
        self._gate = gate
        self._chain = chain
        self._most_kept = most_kept
        self._waiting: deque[Noted] = deque()
        self._batch: tuple[Noted, ...] = ()
        self._under_way: asyncio.Task[ChainHead] | None = None
        self._writing = asyncio.Lock()
        self._some = asyncio.Event()
        self._dropped = 0
        gate.register(self.drain, lambda: not self._unwritten())

    @property
    def dropped(self) -> int:
        """How many entries could not be kept."""
        return self._dropped

    def note(self, entry: AuditEntry, platform: str | None = None) -> None:
        """Take an entry, of a platform or of none. Never waits, never raises."""
        if self._unwritten() >= self._most_kept:
            self._let_go(((platform, entry),), "audit_entry_dropped")
            return
        self._waiting.append((platform, entry))
        self._some.set()

    async def run(self) -> None:
        """Write what is noted, as it comes. Only cancellation ends it."""
        while True:
            await self._some.wait()
            self._some.clear()
            if not self._gate.is_open:
                continue  # the gate asks for it when it opens
            try:
                await self.drain()
            except StoreError as fault:
                self._gate.failed(fault)

    async def drain(self) -> None:
        """Write what is kept, in order.

        Raises:
            StoreError: it can't be written; what is left is kept.
        """
        async with self._writing:
            while self._unwritten():
                await self._write_next()

    async def finish(self, within: timedelta) -> None:
        """Write what `run`, which must have ended, left; log what can't be written in that time."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self.drain()
        except (TimeoutError, StoreError) as fault:
            log.warning("audit_left_unwritten", extra={"fields": {"error": str(fault), "entries": self._unwritten()}})
        self._let_go((*self._batch, *self._waiting), "audit_entry_unwritten")
        self._batch = ()
        self._waiting.clear()

    async def _write_next(self) -> None:
        if not self._batch:
            self._batch = tuple(self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_A_TIME)))
        # A task of its own: being cancelled must not leave us guessing whether it was written.
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._store.note(self._batch))
            # It may fail after everybody who waited is gone; asyncio would complain that nobody looked.
            self._under_way.add_done_callback(lambda done: done.cancelled() or done.exception())
        await asyncio.wait({self._under_way})
        done, self._under_way = self._under_way, None
        try:
            self._chain.move(done.result())
        except StoreError:
            raise
        except Exception:
            # A mistake of ours in these entries must not keep those after them from being written.
            log.exception("audit_fault")
            self._let_go(self._batch, "audit_entry_dropped")
        self._batch = ()

    def _unwritten(self) -> int:
        return len(self._batch) + len(self._waiting)

    def _let_go(self, entries: Iterable[Noted], event: str) -> None:
        for platform, entry in entries:
            self._dropped += 1
            fields = {"kind": entry.kind, "actor": entry.actor, "platform": platform, "at": entry.at.isoformat()}
            log.error(event, extra={"fields": {**fields, "body": dict(entry.body)}})
