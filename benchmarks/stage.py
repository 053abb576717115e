"""What is measured: a target that can be switched from 200 to 503, and a receiver that notes when a page arrives.

Both live in the measuring process and speak just enough HTTP for the purpose.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from glasswatch.clock import SystemClock

_CLOCK = SystemClock()
Arrival = tuple[float, dict[str, Any]]
Fits = Callable[[dict[str, Any]], bool]


class Stage:
    """One HTTP server: `GET` answers as switched, `POST /NAME` is an arrival for NAME."""

    def __init__(self) -> None:
        self.is_good = True
        self.arrivals: dict[str, list[Arrival]] = {}
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None  # noqa: S101 - open() comes first
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def wait(self, name: str, fits: Fits, since: float, seconds: float) -> float:
        """Return when the first fitting arrival after `since` came, on the monotonic clock.

        Raises:
            TimeoutError: none came in time.
        """
        async with asyncio.timeout(seconds), self._arrived:
            while True:
                for at, body in self.arrivals.get(name, []):
                    if at >= since and fits(body):
                        return at
                await self._arrived.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                lines = head.split("\r\n")
                lengths = [int(line[15:]) for line in lines if line.lower().startswith("content-length:")]
                body = await reader.readexactly(lengths[0]) if lengths else b""
                method, path, _ = lines[0].split(" ", 2)
                status = b"200 OK"
                if method == "POST":
                    await self._note(path.strip("/"), body)
                elif not self.is_good:
                    status = b"503 Service Unavailable"
                answer = b'{"status": "ok"}'
                writer.write(b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n" % status)
                writer.write(b"Content-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(answer), answer))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # a client that went away is no arrival
        finally:
            writer.close()

    async def _note(self, name: str, body: bytes) -> None:
        at = _CLOCK.monotonic()
        async with self._arrived:
            self.arrivals.setdefault(name, []).append((at, json.loads(body)))
            self._arrived.notify_all()
