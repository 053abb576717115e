"""A listening socket that serves an ASGI app, can be stopped for real, and can be opened again on the same port.

The rules:
1. `close` leaves nothing that answers: the listening socket is closed and every connection is reset.
2. Between `close` and `open` the port stays bound, not listening: a connect is refused, and nobody else gets it.
3. An app finds the `Wire` under its request by `wire_of`: it can reset the connection it is asked on, or wait until
   the other side is gone. Nothing of HTTP is needed for either, so what happens on the wire is real.

It decides nothing about faults.
"""

import asyncio
import errno
import ipaddress
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from glasswatch.errors import UsageFault
from platforms.simulator.errors import ListenerUnavailable

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_BACKLOG = 256
_EXTENSION = "glasswatch.wire"
_SETTLE_SECONDS = 1.0  # how long handlers get to notice that their connection is gone
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends RST instead of FIN


@dataclass(frozen=True, slots=True)
class Wire:
    """The connection under a request. `gone` is set once the connection is lost, from whichever side."""

    reset: Callable[[], None]
    gone: asyncio.Event


class _Protocol(HttpToolsProtocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        self._gone = asyncio.Event()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._gone.set()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_EXTENSION: {"wire": Wire(self.reset, self._gone)}}

    def reset(self) -> None:
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()


def wire_of(scope: Scope) -> Wire:
    """Return the wire under a request; away from a real socket, one that raises `ConnectionResetError`."""
    wire = scope.get("extensions", {}).get(_EXTENSION, {}).get("wire")
    return wire if isinstance(wire, Wire) else Wire(_no_wire, asyncio.Event())


def _no_wire() -> None:
    raise ConnectionResetError(errno.ECONNRESET, "the simulated platform reset the connection")


def loopback(address: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, e.g. `127.0.0.1:0` or `[::1]:8080`.

    Raises:
        UsageFault: it isn't an address of this kind, or not on loopback: pretend secrets stay at home.
    """
    host, _, port = address.rpartition(":")
    try:
        ip = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        number = int(port)
    except ValueError:
        raise UsageFault("expected a loopback address and port such as 127.0.0.1:0") from None
    if not ip.is_loopback or not 0 <= number <= 65535:  # noqa: PLR2004 - the highest port
        raise UsageFault("expected a loopback address and port such as 127.0.0.1:0")
    return str(ip), number


class Listener:
    """Serves one app on one address. `open` and `close` may be called any number of times, in any order."""

    def __init__(self, app: App, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host = host
        self._port = port
        self._config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        self._config.load()
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._held: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Whether a connect is answered."""
        return self._server is not None

    @property
    def url(self) -> str:
        """The address to ask, without a slash at its end. The port is known once it was open."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    async def open(self) -> None:
        """Listen. Raises `ListenerUnavailable` when the address can't be had."""
        if self._server is not None:
            return
        sock, self._held = self._held or self._bind(), None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Protocol(config=self._config, server_state=self._state, app_state={}), sock=sock, backlog=_BACKLOG
        )

    async def close(self, *, keep_port: bool = False) -> None:
        """Stop listening and reset every connection. Takes 2 s at most. `keep_port` is rule 2; `open` takes it up."""
        if self._server is not None:
            self._server.close()
            self._server = None
            if keep_port:
                self._held = self._bind()
        elif self._held is not None and not keep_port:
            self._held.close()
            self._held = None
        for connection in tuple(self._state.connections):
            if isinstance(connection, _Protocol):
                connection.reset()
        await self._settle()

    async def _settle(self) -> None:
        tasks = tuple(self._state.tasks)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=_SETTLE_SECONDS)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_SETTLE_SECONDS)

    def _bind(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setblocking(False)
            sock.bind((self._host, self._port))
        except OSError as error:
            sock.close()
            raise ListenerUnavailable(f"can't listen on {self._host}:{self._port}: {error.strerror}") from error
        self._port = sock.getsockname()[1]
        return sock
