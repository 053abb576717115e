"""The daemon's parts, joined: what runs, and how all of it is let go of in order and in time."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from glasswatch.clock import Clock
from monitor.acknowledgements import Acknowledgements
from monitor.auditor import Auditor
from monitor.board import Board
from monitor.copies import CopyWatch
from monitor.deadline import Deadline
from monitor.deadman import DeadManSwitch
from monitor.errors import StoreError
from monitor.heartbeats import Heartbeats
from monitor.outbox import Outbox
from monitor.pruner import Pruner
from monitor.publish import Publisher
from monitor.rules.schedule import Grid
from monitor.scheduler import ProbeLoop
from monitor.settle import Settler
from monitor.sight import Sight
from monitor.store.store import SqlStore
from monitor.storegate import StoreGate
from monitor.useregister import UseRegister
from monitor.versions import VersionWatch
from monitor.watchers.loop import WatchLoop
from monitor.web.certificate import Certificate
from monitor.web.face import WebFace
from monitor.web.server import WebServer
from platforms.transport.reach import Network

# What each step of the end may take at most, and all of them together.
CLOSE_WITHIN: Final = timedelta(seconds=5)
FLAGS_WITHIN: Final = timedelta(seconds=2)
PAGES_WITHIN: Final = timedelta(seconds=3)
AUDIT_WITHIN: Final = timedelta(seconds=2)
STORE_WITHIN: Final = timedelta(seconds=2)

log = logging.getLogger("glasswatch.daemon")


@dataclass(frozen=True, slots=True)
class Assembly:
    """The daemon's parts, joined."""

    store: SqlStore
    gate: StoreGate
    auditor: Auditor
    register: UseRegister
    heartbeats: Heartbeats
    watchers: tuple[WatchLoop, ...]
    switches: tuple[DeadManSwitch, ...]
    sight: Sight
    board: Board
    settlers: tuple[Settler, ...]
    loops: tuple[ProbeLoop, ...]
    outbox: Outbox
    publisher: Publisher
    copies: CopyWatch
    versions: VersionWatch
    pruner: Pruner
    server: WebServer
    face: WebFace
    network: Network
    clock: Clock
    grid: Grid
    certificate: Certificate | None = None
    askers: tuple[Acknowledgements, ...] = ()

    def services(self) -> list[Coroutine[Any, Any, None]]:
        """Return what runs from start to stop, beside watching and settling."""
        renewing = [self.certificate.watch()] if self.certificate else []
        uses = [self.register.watch(), *(watcher.run() for watcher in self.watchers)]
        return [
            *(self.gate.watch(), self.auditor.run(), self.server.run(), self.face.static.run()),
            *(self.pruner.run(), self.heartbeats.run()),
            *uses,
            *(switch.run() for switch in self.switches),
            *(asker.run() for asker in self.askers),
            *renewing,
        ]

    async def close(self, deadline: Deadline | None = None) -> None:
        """Let go of everything, last the store, whatever goes wrong, by one deadline."""
        ends = deadline or Deadline(self.clock, CLOSE_WITHIN)
        async with AsyncExitStack() as steps:  # the last one goes first
            steps.push_async_callback(lambda: self.store.close(ends.left(STORE_WITHIN)))
            steps.push_async_callback(lambda: self._part(ends.left(STORE_WITHIN)))
            steps.push_async_callback(lambda: self.heartbeats.finish(ends.left(AUDIT_WITHIN)))
            steps.push_async_callback(lambda: self.auditor.finish(ends.left(AUDIT_WITHIN)))
            for switch in self.switches:
                steps.push_async_callback(switch.aclose)
            for watcher in self.watchers:
                steps.push_async_callback(watcher.aclose)
            steps.push_async_callback(lambda: self.register.finish(ends.left(AUDIT_WITHIN)))
            steps.push_async_callback(self.network.resolver.aclose)
            steps.callback(self.server.close)
            # The outbox takes up to a second more, to write how far it got and to close its channels.
            steps.push_async_callback(lambda: self.outbox.stop(ends.left(PAGES_WITHIN, but=timedelta(seconds=1.5))))
            steps.push_async_callback(lambda: self.publisher.stop(ends.left(FLAGS_WITHIN, but=timedelta(seconds=2))))

    async def _part(self, within: timedelta) -> None:
        """Note that all is on record, if it is: else the next run has to see what this one told last."""
        is_settled = all(settler.is_settled for settler in self.settlers) and self.outbox.is_on_record
        if self.gate.is_open and is_settled:
            try:
                async with asyncio.timeout(within.total_seconds()):
                    await self.store.ended(self.clock.now())
            except (StoreError, TimeoutError) as fault:
                log.warning("end_not_written", extra={"fields": {"error": str(fault) or "timed out"}})
