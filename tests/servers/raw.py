"""A server on loopback that does to each connection exactly what its script says, byte by byte."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Talk:
    """One connection, as a script sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def head(self) -> bytes:
        """Return the head of the next request; empty if there is none."""
        try:
            return await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""

    async def say(self, data: bytes) -> None:
        """Send."""
        self.writer.write(data)
        await self.writer.drain()

    async def hang(self) -> None:
        """Do nothing until the other side gives up."""
        while await self.reader.read(65536):
            pass

    async def finish(self) -> None:
        """Send no more, and wait until the other side is done: who closes at once resets what is still unread."""
        if not self.writer.can_write_eof():  # TLS
            await asyncio.sleep(0.01)
            return
        self.writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self.hang()

    def reset(self) -> None:
        """Break the connection instead of closing it."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Talk], Awaitable[None]]


@dataclass(slots=True)
class RawServer:
    """A running server. `heads` holds the head of every request that its scripts read."""

    port: int
    scheme: str
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """Return an address of this server."""
        return f"{self.scheme}://{host}:{self.port}{path}"


@contextlib.asynccontextmanager
async def serving(
    script: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[RawServer]:
    """Run a server. In the end every connection is broken, whatever its script is doing."""
    talks: set[asyncio.Task[None]] = set()
    server = RawServer(0, "http" if tls is None else "https")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        talk = asyncio.current_task()
        assert talk is not None
        talks.add(talk)
        try:
            with contextlib.suppress(OSError):  # the client may go away at any time
                await script(Talk(reader, writer))
        except asyncio.CancelledError:
            pass
        finally:
            talks.discard(talk)
            writer.transport.abort() if tls is not None or writer.is_closing() else writer.close()

    listener = await asyncio.start_server(connected, host, 0, ssl=tls, limit=1024 * 1024)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for talk in list(talks):
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await listener.wait_closed()
