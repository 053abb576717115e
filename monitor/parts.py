"""The daemon's parts, joined: what runs, and how all of it is let go of in order and in time."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from glasswatch.clock import Clock
from monitor.auditor import Auditor
from monitor.board import Board
from monitor.clockwatch import ClockWatch
from monitor.copies import CopyWatch
from monitor.credentials.tickets import CredentialTickets, TicketContext
from monitor.credentials.watch import CredentialContext, CredentialWatch
from monitor.deadline import Deadline
from monitor.deadman import DeadManSwitch
from monitor.drilling.desk import DrillDesk
from monitor.errors import StoreError
from monitor.heartbeats import Heartbeats
from monitor.metrics.book import MetricsBook
from monitor.outbox import Outbox
from monitor.pruner import Pruner
from monitor.publish import Publisher
from monitor.reports.budget import BudgetWatch
from monitor.reports.writer import ReportWriter
from monitor.rules.drillcalendar import Here
from monitor.rules.schedule import Grid
from monitor.scheduler import Bench, ProbeLoop
from monitor.settle import Settler
from monitor.sight import Sight
from monitor.slawatch import SlaWatch
from monitor.store.store import SqlStore
from monitor.storegate import StoreGate
from monitor.useregister import UseRegister
from monitor.versions import VersionWatch
from monitor.watchers.loop import WatchLoop
from monitor.web.certificate import Certificate
from monitor.web.face import WebFace
from monitor.web.server import WebServer
from platforms.transport.reach import Network

if TYPE_CHECKING:  # it builds these, and imports them
    from monitor.builder import Builder

# What each step of the end may take at most, and all of them together.
CLOSE_WITHIN: Final = timedelta(seconds=5)
FLAGS_WITHIN: Final = timedelta(seconds=2)
PAGES_WITHIN: Final = timedelta(seconds=3)
AUDIT_WITHIN: Final = timedelta(seconds=2)
STORE_WITHIN: Final = timedelta(seconds=2)

log = logging.getLogger("glasswatch.daemon")


class Closable(Protocol):
    """What holds something that it has to let go of."""

    async def aclose(self) -> None:
        """Let go of it."""
        ...


@dataclass(slots=True)
class Assembly:
    """The daemon's parts, joined. Those that the settings name (settlers, loops, watchers, switches) come and go.

    `retired` are those that were let go of and are not closed yet.
    """

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
    clockwatch: ClockWatch
    pruner: Pruner
    slawatch: SlaWatch
    reports: ReportWriter
    budget: BudgetWatch
    drills: DrillDesk
    server: WebServer
    face: WebFace
    network: Network
    clock: Clock
    bench: Bench
    metrics: MetricsBook
    builder: "Builder"
    certificate: Certificate | None = None
    retired: list[Closable] = field(default_factory=list)

    @property
    def grid(self) -> Grid:
        """Where the probes' slots stand."""
        return self.bench.grid

    def helpers(self) -> list[WatchLoop | DeadManSwitch]:
        """Return what runs beside that as long as the settings name it."""
        return [*self.watchers, *self.switches]

    def services(self) -> list[Coroutine[Any, Any, None]]:
        """Return what runs from start to stop, beside watching and settling."""
        renewing = [self.certificate.watch()] if self.certificate else []
        return [
            *(self.gate.watch(), self.auditor.run(), self.server.run(), self.face.static.run()),
            *(self.pruner.run(), self.clockwatch.run(), self.heartbeats.run()),
            *(self.register.watch(), self.slawatch.run(), self.reports.run(), self.budget.run()),
            *self.drills.services(),
            self.builder.exercises.run(),
            self._credentials().run(),
            *renewing,
        ]

    def _credentials(self) -> CredentialWatch:
        builder = self.builder
        here = Here(builder.settings.deployment, builder.settings.vantage)
        telling = TicketContext(
            *(here, self.store, self.clock, builder.routed, self.outbox.submit),
            lambda: self.clockwatch.is_trusted,
            builder.credentials.tell,
        )
        show, tickets = builder.credentials.take, CredentialTickets(telling).look
        return CredentialWatch(CredentialContext(lambda: builder.settings, self.clock, show, tickets=tickets))

    async def close(self, deadline: Deadline | None = None) -> None:
        """Let go of everything, last the store, whatever goes wrong, by one deadline."""
        ends = deadline or Deadline(self.clock, CLOSE_WITHIN)
        async with AsyncExitStack() as steps:  # the last one goes first
            steps.push_async_callback(lambda: self.store.close(ends.left(STORE_WITHIN)))
            steps.push_async_callback(lambda: self._part(ends.left(STORE_WITHIN)))
            steps.push_async_callback(lambda: self.heartbeats.finish(ends.left(AUDIT_WITHIN)))
            steps.push_async_callback(lambda: self.auditor.finish(ends.left(AUDIT_WITHIN)))
            for retired in self.retired:
                steps.push_async_callback(retired.aclose)
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
