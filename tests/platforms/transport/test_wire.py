"""One connection by itself: what other kinds of probe build on."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from platforms.errors import FaultKind, TransportFault
from platforms.http import AsyncClient, Request
from platforms.transport.http import HttpTransport, Terms
from platforms.transport.reach import Network
from platforms.transport.resolver import Address
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import TlsOptions
from platforms.transport.wire import Wire, dial
from tests.servers.http import OK, answering, gzipped
from tests.servers.raw import RawServer, Talk, serving
from tests.support.tls import Authority, Certificate
from tests.support.waiting import until

_LIMIT = 64 * 1024 * 1024
_FLOOD = 16 * 1024 * 1024


class Lines:
    """Takes text until it has so many bytes."""

    def __init__(self, enough: int) -> None:
        self.data = bytearray()
        self._enough = enough

    def feed(self, data: bytes) -> bool:
        """Keep it."""
        self.data += data
        return len(self.data) >= self._enough

    def eof(self) -> None:
        """Say that more was due."""
        raise TransportFault(FaultKind.LOST, "too short")


@asynccontextmanager
async def _dialled(server: RawServer, limit: int = _LIMIT) -> AsyncIterator[Wire]:
    wire = await dial(Address("127.0.0.1", server.port, socket.AF_INET), limit)
    try:
        yield wire
    finally:
        wire.abort()


@pytest.mark.parametrize("is_tls", [False, True], ids=["clear", "tls"])
async def test_a_server_that_floods_unasked_is_held_back(
    network: Network, authority: Authority, certificate: Certificate, *, is_tls: bool
) -> None:
    """Until somebody listens, what a server says stays with the server; then all of it comes, in order."""
    sent = 0

    async def flooding(talk: Talk) -> None:
        nonlocal sent
        while sent < _FLOOD:
            await talk.say(bytes([sent // 65536 % 256]) * 65536)
            sent += 65536
        await talk.hang()

    async with serving(flooding, certificate.context() if is_tls else None) as server, _dialled(server) as wire:
        if is_tls:
            await wire.secure(network.tls.get(TlsOptions(authority.ca_file)), "127.0.0.1")
            wire.send(b"hello")
        before = -1
        while before != sent:  # until it stands still
            before = sent
            await asyncio.sleep(0.05)
        assert 0 < sent < _FLOOD
        lines = Lines(_FLOOD)
        await wire.receive(lines)
    assert [lines.data[at] for at in range(0, _FLOOD, 65536)] == [at // 65536 % 256 for at in range(0, _FLOOD, 65536)]


async def test_what_came_before_the_end_is_read() -> None:
    """A server that greets and closes before anybody listens was heard all the same."""

    async def greeting(talk: Talk) -> None:
        await talk.say(b"hello")

    async with serving(greeting) as server, _dialled(server) as wire:
        await asyncio.sleep(0.05)
        lines = Lines(5)
        await wire.receive(lines)
        assert lines.data == b"hello"
        with pytest.raises(TransportFault, match="too short"):
            await wire.receive(Lines(1))


async def test_a_server_that_greets_under_tls(network: Network, authority: Authority, certificate: Certificate) -> None:
    """Listening alone ends the handshake for the server, too."""

    async def greeting(talk: Talk) -> None:
        await talk.say(b"220 ready\r\n")
        await talk.hang()

    async with serving(greeting, certificate.context()) as server, _dialled(server) as wire:
        await wire.secure(network.tls.get(TlsOptions(authority.ca_file)), "127.0.0.1")
        lines = Lines(11)
        async with asyncio.timeout(20):
            await wire.receive(lines)
    assert lines.data == b"220 ready\r\n"


async def test_an_upgrade_in_mid_stream(network: Network, authority: Authority, certificate: Certificate) -> None:
    """Talk in clear first, then TLS on the same connection."""

    async def upgrading(talk: Talk) -> None:
        await talk.say(b"220 ready\r\n")
        assert await talk.reader.readline() == b"STARTTLS\r\n"
        await talk.say(b"220 go on\r\n")
        await talk.writer.start_tls(certificate.context())
        assert await talk.reader.readline() == b"hello\r\n"
        await talk.say(b"250 well met\r\n")
        await talk.hang()

    async with serving(upgrading) as server, _dialled(server) as wire:
        await wire.receive(Lines(11))
        wire.send(b"STARTTLS\r\n")
        await wire.receive(Lines(11))
        await wire.secure(network.tls.get(TlsOptions(authority.ca_file)), "127.0.0.1")
        wire.send(b"hello\r\n")
        lines = Lines(14)
        await wire.receive(lines)
        assert wire.tls_expires_at == certificate.ends_at
    assert lines.data == b"250 well met\r\n"


async def test_every_byte_counts() -> None:
    """Over the limit the connection fails, and stays failed."""

    async def talking(talk: Talk) -> None:
        await talk.say(b"x" * 1000)
        await talk.hang()

    async with serving(talking) as server, _dialled(server, limit=999) as wire:
        for _ in range(2):
            with pytest.raises(TransportFault) as caught:
                await wire.receive(Lines(1000))
            assert caught.value.kind is FaultKind.TOO_LARGE


async def test_a_name_that_is_none(network: Network) -> None:
    """A name that can't stand in a certificate can't be verified."""
    async with serving(answering(OK)) as server, _dialled(server) as wire:
        with pytest.raises(TransportFault, match="no valid name"):
            await wire.secure(network.tls.get(TlsOptions()), "a" * 64 + ".example")


async def test_abort_may_be_called_again() -> None:
    """Once closed, a wire says nothing and hears nothing."""
    async with serving(answering(OK)) as server, _dialled(server) as wire:
        wire.abort()
        wire.abort()
        wire.send(b"GET / HTTP/1.1\r\n\r\n")
        await until(lambda: server.connections)
        with pytest.raises(TransportFault, match="too short"):
            await wire.receive(Lines(1))


async def test_the_client_works_over_the_transport(network: Network) -> None:
    """What works with a transport works with this one."""
    transport = HttpTransport(network, Terms(1000, TlsOptions()), Stopwatch(network.clock))
    async with serving(answering(gzipped(b"plain"))) as server, AsyncClient(transport=transport) as client:
        response = await client.get(server.url())
    assert (response.status_code, response.content) == (200, b"plain")


async def test_a_header_with_a_line_end_is_not_sent(network: Network) -> None:
    """A value that would make two headers of one is refused, and not repeated."""
    transport = HttpTransport(network, Terms(1000, TlsOptions()), Stopwatch(network.clock))
    async with serving(answering(OK)) as server:
        for value in ("a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"):
            request = Request("GET", server.url(), headers={"X-Key": value})
            with pytest.raises(TransportFault, match=r"^a header can't be sent: it holds a line end$"):
                await transport.handle_async_request(request)
