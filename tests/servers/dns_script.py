"""A DNS server on loopback, over UDP and TCP on one port, that does with each question exactly what its script says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

# From the question as it came to the datagrams that are sent; over TCP all that is sent.
Script = Callable[[bytes], Sequence[bytes]]


def silent(_question: bytes) -> Sequence[bytes]:
    """Say nothing."""
    return ()


def answer(question: bytes, *records: str, rcode: str = "NOERROR", flags: int = 0) -> bytes:
    """Return a proper answer to a question; records as `NAME TTL IN TYPE DATA`."""
    reply = dns.message.make_response(dns.message.from_wire(question), recursion_available=True)
    reply.set_rcode(dns.rcode.from_text(rcode))
    reply.flags |= flags
    for record in records:
        name, ttl, _, kind, data = record.split(" ", 4)
        reply.answer.append(dns.rrset.from_text(name, int(ttl), "IN", kind, data))
    return reply.to_wire(max_size=65535)


def framed(message: bytes) -> bytes:
    """Return it as it is sent over TCP."""
    return len(message).to_bytes(2, "big") + message


@dataclass(slots=True)
class Scripted(asyncio.DatagramProtocol):
    """The server. `asked`: how many questions came over UDP and over TCP."""

    datagrams: Script
    stream: Script
    port: int = 0
    asked: dict[str, int] = field(default_factory=lambda: {"udp": 0, "tcp": 0})
    ids: set[bytes] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    _transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is bound."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        self.asked["udp"] += 1
        self.ids.add(data[:2])
        self.ports.add(addr[1])
        for each in self.datagrams(data):
            assert self._transport is not None
            self._transport.sendto(each, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question over TCP; without an answer hold the connection."""
        said: Sequence[bytes] = ()
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            question = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            self.asked["tcp"] += 1
            said = self.stream(question)
            for each in said:
                writer.write(each)
            await writer.drain()
            if not said:
                await reader.read(1)
        writer.close()


@contextlib.asynccontextmanager
async def scripted(datagrams: Script = silent, stream: Script = silent) -> AsyncIterator[Scripted]:
    """Run the server."""
    server = Scripted(datagrams, stream)
    listener = await asyncio.start_server(server.connected, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: server, local_addr=("127.0.0.1", server.port)
    )
    try:
        yield server
    finally:
        transport.close()
        listener.close()
        await listener.wait_closed()
