"""Runs uvicorn inside our own TaskGroup: our socket, our signals, our deadlines, and an end that comes in time.

1. The socket is opened before anything runs, so that a port that can't be had is known at once, and port 0 can be
   asked for its number. Beyond loopback it is opened only with TLS or behind declared proxies (design 3.2).
2. Connections are taken by a door of ours (`door.py`), which bounds them in number.
3. Signals stay with the daemon.
4. Stopping, by `stop` or by cancellation: no new connections; streams are ended; answers under way get their time;
   what is left after it is cut off.
"""

import asyncio
import contextlib
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from functools import partial

import uvicorn
from starlette.types import ASGIApp

from monitor.errors import ListenFailed
from monitor.web.deadlines import Bounds, bounded
from monitor.web.door import Door, Front

_BACKLOG = 128


class WebServer:
    """Serves an application on one address.

    `before_stop` is called when serving ends, so that answers without an end (the event stream) come to one.
    """

    def __init__(
        self, app: ASGIApp, before_stop: Callable[[], None], bounds: Bounds | None = None, front: Front | None = None
    ) -> None:
        self._front = front or Front()
        self._server = _Server(app, before_stop, bounds or Bounds(), self._front)
        self._socket: socket.socket | None = None

    def bind(self, host: str, port: int) -> tuple[str, int]:
        """Open the socket; return host and port as they are.

        Raises:
            ListenFailed: the address can't be had, or is not loopback with nothing in front.
        """
        # Any other name would be asked of a name server, from within the loop.
        flags = 0 if host == "localhost" else socket.AI_NUMERICHOST
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
        except OSError:
            raise ListenFailed("listen: expected an IP address or localhost") from None
        family, kind, protocol, _, address = found[0]
        if not self._front.is_there and not ipaddress.ip_address(address[0]).is_loopback:
            raise ListenFailed("listen: expected a loopback address; any other needs TLS or a declared proxy")
        try:
            self._socket = _opened((family, kind, protocol), address)
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise ListenFailed(f"listen: port {port} on {address[0]} can't be had: {reason}") from None
        return self.address

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that we listen on, once bound."""
        host, port = self._bound().getsockname()[:2]
        return host, port

    @property
    def url(self) -> str:
        """Where we are reached from this machine, without a slash at the end, once bound."""
        host, port = self.address
        return f"{'https' if self._front.tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"

    async def run(self) -> None:
        """Serve until `stop`, or until cancelled. Ends within `stop_seconds`, whatever clients do."""
        opened = self._bound()
        try:
            await self._server.serve(sockets=[opened])
        except asyncio.CancelledError:
            await self._server.shutdown()  # uvicorn leaves everything open when it is cancelled
            raise
        finally:
            self.close()

    def stop(self) -> None:
        """End `run`. Repeated calls do nothing."""
        self._server.stop()

    def close(self) -> None:
        """Let go of the socket: for one that was bound and never run. Repeated calls do nothing."""
        if self._socket is not None:
            self._socket.close()

    def _bound(self) -> socket.socket:
        if self._socket is None:
            raise ListenFailed("listen: not bound yet")
        return self._socket


def _opened(kind: tuple[int, int, int], address: object) -> socket.socket:
    opened = socket.socket(*kind)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)  # type: ignore[arg-type]  # as getaddrinfo gave it
        opened.listen(_BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


class _Server(uvicorn.Server):
    """uvicorn's server with our way of starting and stopping."""

    def __init__(self, app: ASGIApp, before_stop: Callable[[], None], bounds: Bounds, front: Front) -> None:
        protocol = bounded(bounds)
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=bounds.idle_seconds,
            )
        )
        self._before_stop = before_stop
        self.door = Door(partial(protocol, self.config, self.server_state, {}), bounds, front)
        self._stop_seconds = bounds.stop_seconds
        self._stopping = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the daemon."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections from our own sockets; uvicorn's own way bounds neither them nor their handshakes."""
        for opened in sockets or ():
            self.door.open(opened)
        self.started = True

    def stop(self) -> None:
        """Have the main loop end."""
        self.should_exit = True
        self._stopping.set()

    async def main_loop(self) -> None:
        """Wait for the end. uvicorn's own wakes ten times a second for the `Date` header; ours is made when asked."""
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - as uvicorn calls it
        """Stop serving, within `stop_seconds`."""
        self._before_stop()
        await self.door.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._tasks_end(self._stop_seconds * 0.6)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in self.server_state.tasks:
            task.cancel()
        await self._tasks_end(self._stop_seconds * 0.4)

    async def _tasks_end(self, patience_seconds: float) -> None:
        if self.server_state.tasks:
            await asyncio.wait(set(self.server_state.tasks), timeout=patience_seconds)
