"""Whether the store can be written, and what is done about it when it can't.

The first failed write closes the gate: from then on nothing waits for the store, and everything unwritten is kept by
its owner. Once a second the owners are asked to write what they kept, in order; when none has anything left, the gate
opens. One owner at least must write something even if it kept nothing (a sign of life): that is the proof.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from monitor.errors import StoreError

log = logging.getLogger("glasswatch.store")

RETRY_SECONDS = 1.0

Drain = Callable[[], Awaitable[None]]


class StoreGate:
    """Open while the store takes writes."""

    def __init__(self, changed: Callable[[bool, str], None], retry_seconds: float = RETRY_SECONDS) -> None:
        self._changed = changed
        self._retry_seconds = retry_seconds
        self._owners: list[tuple[Drain, Callable[[], bool]]] = []
        self._first = 0  # so many of them go before the others
        self._closed = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether a write may be tried directly."""
        return not self._closed.is_set()

    def register(self, drain: Drain, is_drained: Callable[[], bool] = lambda: True, *, is_first: bool = False) -> None:
        """Add an owner of unwritten things; `drain` writes them in order or raises `StoreError`.

        `is_drained` says whether nothing is left: while one owner's things are written, another may keep new ones.
        `is_first`: what it keeps goes before what others keep, whenever they came: theirs may refer to it.
        """
        if is_first:
            self._owners.insert(self._first, (drain, is_drained))
            self._first += 1
        else:
            self._owners.append((drain, is_drained))

    def unregister(self, drain: Drain) -> None:
        """Ask an owner no more, whose `drain` this is. One that isn't there is none."""
        for place, (known, _) in enumerate(self._owners):
            if known == drain:
                del self._owners[place]
                self._first -= place < self._first
                return

    def failed(self, fault: StoreError) -> None:
        """Note that a write failed."""
        if self._closed.is_set():
            return
        self._closed.set()
        log.error("store_not_writable", extra={"fields": {"error": str(fault)}})
        self._changed(False, str(fault))

    async def watch(self) -> None:
        """While closed, try again. Runs until cancelled."""
        while True:
            await self._closed.wait()
            await asyncio.sleep(self._retry_seconds)
            try:
                await self._drain()
            except StoreError as fault:
                log.warning("store_still_not_writable", extra={"fields": {"error": str(fault)}})
                continue
            except Exception:
                # A mistake of ours; what is kept stays kept, and the monitor goes on without its store.
                log.exception("store_fault")
                continue
            self._closed.clear()
            log.info("store_writable_again")
            self._changed(True, "")

    async def _drain(self) -> None:
        while True:
            for drain, _ in tuple(self._owners):  # others may come and go meanwhile
                await drain()
            # Nothing may come between this look and the opening: what is kept then would be nobody's.
            if all(is_drained() for _, is_drained in self._owners):
                return
