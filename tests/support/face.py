"""The web face of a pretend monitor, asked in-process or over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from monitor.drilling.ports import NoDrills
from monitor.heartbeats import Expected, HeartbeatContext, Heartbeats
from monitor.model.act import Act, Acted, Answer, Hand, Ruling
from monitor.model.beat import Rhythm
from monitor.model.past import Past, PastQuery
from monitor.model.record import AuditEntry
from monitor.ports import Store
from monitor.recent import Recent
from monitor.storegate import StoreGate
from monitor.useregister import RegisterContext, UseRegister, UseTold
from monitor.web.deadlines import Bounds
from monitor.web.face import WebFace
from monitor.web.server import WebServer
from monitor.web.site import Site
from monitor.web.sources import Sources
from platforms.http import ASGITransport, AsyncClient
from tests.support.clock import START, ManualClock
from tests.support.drill_register import DrillLife
from tests.support.memory_store import MemoryStore
from tests.support.uses import POLICY
from tests.support.watching import FakeMonitor, site

RHYTHM = Rhythm(timedelta(minutes=5), timedelta(minutes=1))


@dataclass
class World:
    """A face and everything behind it, all of which a test may change."""

    monitor: FakeMonitor = field(default_factory=FakeMonitor)
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: ManualClock = field(default_factory=ManualClock)
    exposition: bytes = b"# HELP jit_pages_pending Pages.\n# TYPE jit_pages_pending gauge\njit_pages_pending 0\n"
    site: Site = field(default_factory=site)
    refused: list[str] = field(default_factory=list)
    noted: list[tuple[str | None, AuditEntry]] = field(default_factory=list)
    told: list[UseTold] = field(default_factory=list)
    static_file: Path = Path("/nonexistent/status.html")
    recent: Recent = field(default_factory=lambda: Recent(ManualClock()))
    drills: DrillLife | None = None
    acts: list[tuple[str, Act, Hand]] = field(default_factory=list)
    beating: Mapping[str, str] = field(default_factory=lambda: {"backup": "payments"})
    beats: list[tuple[str, str, datetime]] = field(default_factory=list)
    past: Past = field(default_factory=lambda: Past("", START, START))
    acted: Acted = field(default_factory=lambda: Acted(Ruling(Answer.DONE, "done as asked", "c-1"), is_recorded=True))

    def __post_init__(self) -> None:
        """Join the register of uses to the rest."""
        self.gate = StoreGate(lambda _is_writable, _reason: None)
        states = {state.platform: state for state in self.monitor.platforms()}
        context = RegisterContext(
            store=self.store,
            gate=self.gate,
            clock=self.clock,
            route=lambda _: (),
            state=states.get,
            moved=lambda _: None,
            tell=self.told.append,
            taken_up=lambda _: None,
            ready_ttl=timedelta(minutes=15),
        )
        self.register = UseRegister(POLICY, context)
        self.heartbeats = Heartbeats(
            {name: Expected(platform, RHYTHM) for name, platform in self.beating.items()},
            HeartbeatContext(
                self.store,
                self.gate,
                self.clock,
                lambda entry, platform: self.noted.append((platform, entry)),
                lambda platform, name, at: self.beats.append((platform, name, at)),
            ),
        )

    def face(self, store: Store | None = None) -> WebFace:
        """Return a face over this world."""
        return WebFace(self.site, self.sources(store), self.static_file)

    async def act(self, platform: str, act: Act, hand: Hand) -> Acted:
        """Keep what a person does, and answer as `acted` says."""
        self.acts.append((platform, act, hand))
        return self.acted

    def sources(self, store: Store | None = None) -> Sources:
        """Return what a face reads from; what it notes is in `noted` and `refused`."""
        return Sources(
            self.monitor,
            store or self.store,
            lambda: (self.exposition,),
            self.clock,
            lambda entry, platform: self.noted.append((platform, entry)),
            self.act,
            self.register,
            self.heartbeats,
            self.recent,
            self.refused.append,
            past=self.read_past,
            drills=self.drills.desk if self.drills is not None else NoDrills(),
        )

    async def read_past(self, query: PastQuery) -> Past:
        """Return what is on record: nothing, unless a test put something there."""
        return replace(self.past, platform=query.platform, since=query.since, until=query.until)


@asynccontextmanager
async def asking(face: WebFace) -> AsyncIterator[AsyncClient]:
    """Ask the application itself, without a socket."""
    transport = ASGITransport(app=face.app)
    async with AsyncClient(transport=transport, base_url="http://127.0.0.1:9780") as client:
        yield client


@asynccontextmanager
async def serving(face: WebFace, bounds: Bounds | None = None) -> AsyncIterator[tuple[str, int]]:
    """Serve over a real socket, in a task group as the daemon does; give its address."""
    server = WebServer(face.app, face.close, bounds)
    address = server.bind("127.0.0.1", 0)
    async with asyncio.timeout(100), asyncio.TaskGroup() as group:
        group.create_task(server.run())
        try:
            yield address
        finally:
            server.stop()
