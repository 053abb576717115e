"""A real HTTP server on loopback that receives webhooks and misbehaves on demand.

It reads whole requests, keeps them, and answers each by the next behaviour of its script (its default when the
script is used up). One request per connection. TLS where a server context is given.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import struct
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from glasswatch.clock import SystemClock


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer properly. `delay` seconds pass before the first byte."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Hang:
    """Take the request, never answer."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Take the request, reset the connection."""


@dataclass(frozen=True, slots=True)
class Close:
    """Take the request, close the connection without a word."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Answer with something that is not HTTP."""

    data: bytes = b"\x00\xff this is not HTTP\r\n\r\n"


@dataclass(frozen=True, slots=True)
class SlowBody:
    """Answer the head at once, then one byte of body every `every` seconds, without end."""

    status: int = 200
    every: float = 0.05


@dataclass(frozen=True, slots=True)
class HugeBody:
    """Answer with a body of `size` bytes."""

    status: int = 200
    size: int = 64 * 1024 * 1024


Behaviour = Answer | Hang | Reset | Close | Garbage | SlowBody | HugeBody


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in, and when. Header names are lower-case. `behaviour` is what it was answered with."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    behaviour: Behaviour
    at: datetime = field(default_factory=SystemClock().now)

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)

    @property
    def is_accepted(self) -> bool:
        """Whether it was answered with a 2xx status line."""
        return isinstance(self.behaviour, Answer | SlowBody | HugeBody) and 200 <= self.behaviour.status < 300


class Receiver:
    """The server. `received` grows as requests arrive; `bytes_sent` counts what left for the client's socket."""

    def __init__(self, *script: Behaviour, default: Behaviour | None = None) -> None:
        self.script: deque[Behaviour] = deque(script)
        self.default: Behaviour = default or Answer()
        self.decide: Callable[[str, bytes], Behaviour | None] | None = None
        self.received: list[Received] = []
        self.bytes_sent = 0
        self.port = 0
        self._scheme = "http"
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Return where it listens, without a trailing slash."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def accepted(self) -> list[Received]:
        """Return the requests that were answered with a 2xx status."""
        return [request for request in self.received if request.is_accepted]

    async def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen on a free port of loopback."""
        self._scheme = "https" if tls else "http"
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything, whatever is under way."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait_until(self, condition: Callable[["Receiver"], bool], within: float = 20.0) -> None:
        """Wait until a condition holds; it is asked again at each request. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()

    async def wait_for(self, count: int, within: float = 20.0) -> list[Received]:
        """Wait until so many requests have come in, and return them."""
        await self.wait_until(lambda receiver: len(receiver.received) >= count, within)
        return self.received

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:  # the server runs each connection in a task of its own
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            try:
                await self._answer(await self._read(reader), writer)
            finally:
                writer.transport.abort()

    async def _read(self, reader: asyncio.StreamReader) -> Behaviour:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        chosen = self.decide(target, body) if self.decide else None
        behaviour = chosen or (self.script.popleft() if self.script else self.default)
        self.received.append(Received(method, target, headers, body, behaviour))
        self._changed.set()
        return behaviour

    async def _answer(self, behaviour: Behaviour, writer: asyncio.StreamWriter) -> None:
        match behaviour:
            case Answer():
                await asyncio.sleep(behaviour.delay)
                await self._send(writer, _head(behaviour.status, len(behaviour.body), behaviour.headers))
                await self._send(writer, behaviour.body)
                await _finish(writer)
            case Hang():
                await asyncio.Event().wait()
            case Reset():
                # Linger 0 turns the close into a reset.
                sock: socket.socket = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case Close():
                await _finish(writer)
            case Garbage():
                await self._send(writer, behaviour.data)
                await _finish(writer)
            case SlowBody():
                await self._send(writer, _head(behaviour.status, 1_000_000, {}))
                while True:
                    await self._send(writer, b" ")
                    await asyncio.sleep(behaviour.every)
            case HugeBody():
                await self._send(writer, _head(behaviour.status, behaviour.size, {}))
                for _ in range(behaviour.size // 65536):
                    await self._send(writer, b"x" * 65536)

    async def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        await writer.drain()
        self.bytes_sent += len(data)


def _head(status: int, length: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {length}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _finish(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


@contextlib.asynccontextmanager
async def receiving(
    *script: Behaviour, default: Behaviour | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """Run a receiver for the length of a block."""
    receiver = Receiver(*script, default=default)
    await receiver.start(tls)
    try:
        yield receiver
    finally:
        await receiver.stop()
