"""Endpoints of a test's own, behind the monitor's real desk; and tokens to present there."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.routing import Router

from monitor.model.caller import Caller, Token
from monitor.web.app import Desk, routes
from monitor.web.asked import Asked, Handler
from monitor.web.deadlines import Bounds
from monitor.web.door import Front
from monitor.web.guards import FaultCatcher
from monitor.web.server import WebServer
from monitor.wire.bodies import Body
from monitor.wire.endpoints import JSON, Endpoint
from platforms.http import ASGITransport, AsyncClient
from tests.support.clock import START
from tests.support.face import World
from tests.support.waiting import until


def token(
    presented: str,
    *scopes: str,
    person: str | None = "anna",
    platforms: Iterable[str] | None = None,
    expires_at: datetime = START + timedelta(days=30),
) -> Token:
    """Return a token as the settings hold it; `person` None: it is a machine's."""
    caller = Caller(
        token=f"{person or 'pipeline'}-token",
        person=person,
        machine=None if person else "pipeline",
        scopes=frozenset(scopes),
        platforms=None if platforms is None else frozenset(platforms),
    )
    return Token(caller, hashlib.sha256(presented.encode()).digest(), expires_at)


def bearer(presented: str) -> dict[str, str]:
    """Return the header that presents a token."""
    return {"authorization": f"Bearer {presented}"}


class Order(Body):
    """A body with a bit of everything."""

    platform: str | None = Field(default=None, description="the name of a platform")
    reason: str = Field(min_length=1, max_length=200, description="why, in at most 200 characters")
    minutes: int = Field(default=5, ge=1, le=240, description="a whole number from 1 to 240")


ORDER = Endpoint(
    name="order",
    method="POST",
    path="/order",
    scope="drill",
    summary="",
    answers={JSON: None},
    body=Order,
    platform_in="body",
)


def desk(world: World) -> Desk:
    """Return the desk of this world, with the tokens of its site."""
    return Desk(world.site, world.sources())


@dataclass
class Counter:
    """Endpoints whose handlers only keep what they were asked, or break with `fault`."""

    world: World
    endpoints: tuple[Endpoint, ...] = (ORDER,)
    asked: list[Asked] = field(default_factory=list)
    fault: Exception | None = None

    def give(self, *tokens: Token) -> None:
        """Have the site know these tokens."""
        self.world.site = replace(self.world.site, tokens=tokens)

    @property
    def bodies(self) -> list[BaseModel | None]:
        """What the handlers were given as body."""
        return [each.body for each in self.asked]

    @asynccontextmanager
    async def client(self, peer: str = "127.0.0.1", behind: Desk | None = None) -> AsyncIterator[AsyncClient]:
        """Ask in-process, as if the connection came from `peer`; `behind` is a desk that remembers."""
        transport = ASGITransport(app=FaultCatcher(self.router(behind)), client=(peer, 50_000))
        async with AsyncClient(transport=transport, base_url="http://127.0.0.1:9780") as client:
            yield client

    @asynccontextmanager
    async def serving(self, bounds: Bounds, front: Front | None = None) -> AsyncIterator[tuple[str, int]]:
        """Serve over a real socket; give its address."""
        server = WebServer(FaultCatcher(self.router()), lambda: None, bounds, front)
        address = server.bind("127.0.0.1", 0)
        self._connections = server._server.server_state.connections
        async with asyncio.timeout(100), asyncio.TaskGroup() as group:
            group.create_task(server.run())
            try:
                yield address
            finally:
                server.stop()

    async def head_arrived(self) -> None:
        """Wait until the head of a request is here, on any connection that is open."""
        await until(lambda: any(getattr(each, "cycle", None) is not None for each in self._connections))

    def router(self, behind: Desk | None = None) -> Router:
        """Return the application."""
        handlers: Mapping[str, Handler] = {endpoint.name: self._keep for endpoint in self.endpoints}
        return Router(routes(self.endpoints, handlers, behind or desk(self.world)), redirect_slashes=False)

    async def _keep(self, asked: Asked) -> Response:
        if self.fault is not None:
            raise self.fault
        self.asked.append(asked)
        return Response(b"{}", media_type=JSON)
