"""How many connections there are, and who gives way: over real sockets, plain and in TLS."""

import asyncio
import errno
import json
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
import uvloop

from monitor.rules.places import Newcomer, newcomer
from monitor.web import door as door_module
from monitor.web.deadlines import Bounds
from monitor.web.door import Door, Front
from monitor.web.face import WebFace
from monitor.web.server import WebServer
from tests.support.descriptors import open_files
from tests.support.face import World
from tests.support.leaping import leap
from tests.support.tls import Authority, authority
from tests.support.waiting import until

__all__ = ["authority"]

# Nothing ends by itself while a test lasts.
LONG = Bounds(request_seconds=60, idle_seconds=60, write_seconds=60, connections=4, connections_kept=2)
GET = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LISTEN = b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
ELSEWHERE = "127.0.0.2"
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Visitors:
    """Connects, and lets go of everything at the end."""

    def __init__(self, server: WebServer, face: WebFace, stack: AsyncExitStack) -> None:
        self.server = server
        self.face = face
        self._stack = stack

    @property
    def door(self) -> Door:
        """The door under test."""
        return self.server._server.door

    async def come(self, source: str = "127.0.0.1", say: bytes = b"", tls: ssl.SSLContext | None = None) -> Pair:
        """Connect from an address of loopback."""
        name = "localhost" if tls else None
        reader, writer = await asyncio.open_connection(
            *self.server.address, local_addr=(source, 0), ssl=tls, server_hostname=name
        )
        self._stack.push_async_callback(_let_go, writer)
        writer.write(say)
        return reader, writer

    async def listen(self, source: str = "127.0.0.1") -> Pair:
        """Connect and be answered without end."""
        before = self.face.hub.listeners
        pair = await self.come(source, LISTEN)
        await until(lambda: self.face.hub.listeners == before + 1, within=10)
        return pair

    async def fill(self, count: int, source: str = "127.0.0.1", say: bytes = b"") -> list[Pair]:
        """Connect so often, in order, and send no whole request."""
        pairs = []
        for number in range(1, count + 1):
            pairs.append(await self.come(source, say))
            await until(lambda: self.door.taken >= number, within=10)  # noqa: B023 - awaited before the next turn
        return pairs


@asynccontextmanager
async def _serving(bounds: Bounds = LONG, front: Front | None = None) -> AsyncIterator[Visitors]:
    face = World().face()
    server = WebServer(face.app, face.close, bounds, front)
    server.bind("127.0.0.1", 0)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        group.create_task(server.run())
        try:
            yield Visitors(server, face, stack)
        finally:
            server.stop()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take one address of loopback for another machine's: no other can be come from here."""

    def known(peer: str, _: object) -> Newcomer:
        return Newcomer(peer, is_near=not peer.startswith("127.0.0.2"))

    monkeypatch.setattr(door_module, "newcomer", known)


async def _let_go(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def _answer(pair: Pair) -> bytes:
    answers = await asyncio.gather(pair[0].read(), return_exceptions=True)
    return answers[0] if isinstance(answers[0], bytes) else b""


@pytest.mark.parametrize("say", [b"", b"GET / HT", b"\r\n"], ids=["nothing", "half a line", "a line break"])
async def test_who_says_nothing_keeps_nobody_out(say: bytes) -> None:
    """All places are held by clients that send no request: the oldest gives way to one that does, the others stay."""
    async with _serving() as visitors:
        held = await visitors.fill(4, say=say)
        assert (await _answer(await visitors.come(say=GET))).endswith(b"healthy\n")
        assert await _answer(held[0]) == b""
        assert not any(reader.at_eof() for reader, _ in held[1:])


async def test_a_default_number_of_idle_clients_keeps_nobody_out() -> None:
    """As many as there are places."""
    async with _serving(Bounds(request_seconds=60)) as visitors:
        await visitors.fill(Bounds().connections)
        assert (await _answer(await visitors.come(say=GET))).endswith(b"healthy\n")


async def test_who_kept_a_connection_gives_way_too() -> None:
    """It was answered once and asks no more: in its turn it is as idle as any."""
    async with _serving() as visitors:
        reader, _ = kept = await visitors.come(say=GET.replace(b"Connection: close\r\n", b""))
        await reader.readuntil(b"healthy\n")
        await visitors.fill(4)
        assert await _answer(kept) == b""


async def test_who_is_being_answered_does_not_give_way() -> None:
    """Then one too many is told so at once; when another goes there is room again."""
    async with _serving(replace(LONG, connections_kept=0)) as visitors:
        held = [await visitors.listen() for _ in range(4)]
        answer = await _answer(await visitors.come())
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert json.loads(body)["error"]["code"] == "busy"
        assert visitors.face.hub.listeners == 4
        held[0][1].close()
        await until(lambda: visitors.door.taken == 3, within=10)
        assert (await _answer(await visitors.come(say=GET))).endswith(b"healthy\n")


@pytest.mark.usefixtures("elsewhere")
async def test_what_comes_from_here_gets_in_whatever_is_done_elsewhere() -> None:
    """All places are taken by others, who are being answered."""
    async with _serving(replace(LONG, connections_of_one=4)) as visitors:
        for _ in range(4):
            await visitors.listen(ELSEWHERE)
        assert b" 503 " in await _answer(await visitors.come(ELSEWHERE))
        assert (await _answer(await visitors.come(say=GET))).endswith(b"healthy\n")


@pytest.mark.usefixtures("elsewhere")
async def test_one_address_does_not_hold_all_places() -> None:
    """Past its share its own oldest gives way, and past that it is turned away; others find room."""
    async with _serving(replace(LONG, connections_of_one=2)) as visitors:
        held = [await visitors.listen(ELSEWHERE), *await visitors.fill(1, ELSEWHERE)]
        await until(lambda: visitors.door.taken == 2, within=10)
        third = await visitors.listen(ELSEWHERE)
        assert await _answer(held[1]) == b""
        assert b" 503 " in await _answer(await visitors.come(ELSEWHERE))
        assert not third[0].at_eof()
        assert (await _answer(await visitors.come(say=GET))).endswith(b"healthy\n")


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_handshakes_that_never_come_are_bounded(
    authority: Authority, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """Twenty clients connect and never shake hands: no more than the places are held, and one that does is served."""
    issued = authority.issue()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.cert_file, issued.key_file)
    trust = ssl.create_default_context(cafile=authority.ca_file)

    async def story() -> None:
        async with _serving(front=Front(context)) as visitors:
            before = len(open_files())
            silent = [await visitors.come() for _ in range(20)]
            ended = [asyncio.create_task(_answer(each)) for each in silent]
            await until(lambda: sum(task.done() for task in ended) == 20 - LONG.connections, within=10)
            assert visitors.door.taken == LONG.connections
            assert len(open_files()) < before + 30  # twenty are the clients' own, and a few the loop's
            assert (await _answer(await visitors.come(say=GET, tls=trust))).endswith(b"healthy\n")
            for task in ended:
                task.cancel()
            await asyncio.gather(*ended, return_exceptions=True)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(story())


async def test_a_client_that_does_not_say_goodbye_in_tls_is_let_go(authority: Authority) -> None:
    """After our last word it has as long as to take an answer; then its descriptor is free."""
    issued = authority.issue()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.cert_file, issued.key_file)
    bounds = replace(LONG, idle_seconds=1, write_seconds=0.2)
    trust = ssl.create_default_context(cafile=authority.ca_file)
    async with _serving(bounds, Front(context)) as visitors:
        with socket.create_connection(visitors.server.address) as client:
            await asyncio.to_thread(_ask_in_tls, client, trust)
            # It reads nothing more, and so never answers the goodbye.
            await until(lambda: visitors.door.taken == 0, within=10)


async def test_a_client_that_reads_slowly_in_tls_gets_everything(authority: Authority) -> None:
    """The time to take an answer is each piece's own there too: what TLS itself holds back is no more than one."""
    issued, size = authority.issue(), 20_000_000
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.cert_file, issued.key_file)
    trust = ssl.create_default_context(cafile=authority.ca_file)
    face = World(exposition=b"x" * size).face()
    server = WebServer(face.app, face.close, Bounds(idle_seconds=1, stop_seconds=0.5), Front(context))
    address = server.bind("127.0.0.1", 0)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run())
        reader, writer = await asyncio.open_connection(
            *address, ssl=trust, server_hostname="localhost", limit=64 * 1024
        )
        writer.write(GET.replace(b"/-/healthy", b"/metrics"))
        await reader.readuntil(b"\r\n\r\n")
        taken = 0
        while chunk := await reader.read(min(2 << 20, size - taken)):
            taken += len(chunk)
            if taken % (2 << 20) < len(chunk):
                leap(Bounds().write_seconds * 0.6)
        writer.close()
        server.stop()
    assert taken == size


def _ask_in_tls(client: socket.socket, trust: ssl.SSLContext) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    spoken = trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
    while True:
        try:
            spoken.do_handshake()
            break
        except ssl.SSLWantReadError:
            client.sendall(outgoing.read())
            incoming.write(client.recv(65536))
    spoken.write(GET.replace(b"Connection: close\r\n", b""))
    client.sendall(outgoing.read())


async def test_out_of_descriptors_it_goes_on_after_a_moment(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What can't be taken now waits, and is taken later."""
    monkeypatch.setattr(door_module, "_PAUSE_SECONDS", 0.05)
    async with _serving() as visitors:
        await until(lambda: visitors.door._listeners, within=10)
        listener = _Poor(visitors.door)
        answer = await _answer(await visitors.come(say=GET))
    assert answer.endswith(b"healthy\n")
    assert listener.refusals == 0
    assert "connections_not_taken" in caplog.text


class _Poor:
    """Stands before a door's listener, and has no descriptor to give for the first two that come."""

    def __init__(self, door: Door) -> None:
        self.refusals = 2
        (self._listener,) = door._listeners
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener)
        door._listeners = [self]  # type: ignore[list-item]  # it stands for one
        loop.add_reader(self, door._take, self)  # type: ignore[arg-type]  # as above

    def accept(self) -> tuple[socket.socket, object]:
        """Take one, or fail as a full process does."""
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return self._listener.accept()

    def fileno(self) -> int:
        """Return the real one's."""
        return self._listener.fileno()

    def close(self) -> None:
        """Close the real one."""
        self._listener.close()


async def test_a_mistake_of_ours_about_one_does_not_shut_the_door(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, that connection ends, and the next is served."""
    faults = [ZeroDivisionError()]

    def known(peer: str, proxies: tuple[()]) -> Newcomer | None:
        if faults:
            raise faults.pop()
        return newcomer(peer, proxies)

    monkeypatch.setattr(door_module, "newcomer", known)
    async with _serving() as visitors:
        assert await _answer(await visitors.come(say=GET)) == b""
        assert (await _answer(await visitors.come(say=GET))).endswith(b"healthy\n")
    assert "connection_fault" in caplog.text
