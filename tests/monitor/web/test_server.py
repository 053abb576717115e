import asyncio
import json
import signal
import socket
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
import uvloop

from glasswatch.clock import SystemClock
from monitor.errors import ListenFailed
from monitor.web.deadlines import Bounds
from monitor.web.server import WebServer
from platforms.http import AsyncClient
from tests.support.face import World, serving
from tests.support.leaping import leap
from tests.support.waiting import until
from tests.support.watching import PLATFORM

QUICK = Bounds(request_seconds=0.3, idle_seconds=1, write_seconds=0.3, stop_seconds=0.5)  # only for what is cut off
PATIENT = Bounds(idle_seconds=1, stop_seconds=0.5)  # for what gets through, however a machine stalls


async def _exchange(address: tuple[str, int], *parts: bytes) -> bytes:
    """Send parts, then read until the server closes."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(20):
            return await reader.read()
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def _refusal(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head
    return int(head.split()[1]), json.loads(body)["error"]["code"]


async def test_it_serves_on_the_port_it_was_given() -> None:
    """Port 0 becomes a real one that can be asked for."""
    async with serving(World().face()) as (host, port), AsyncClient() as client:
        assert port > 0
        response = await client.get(f"http://{host}:{port}/-/healthy")
    assert response.text == "healthy\n"
    assert "server" not in response.headers
    assert "date" in response.headers


async def test_an_answer_is_dated_when_it_is_asked_for() -> None:
    """Nothing keeps the date while nobody asks, and it is right all the same."""
    async with serving(World().face()) as (host, port), AsyncClient() as client:
        url = f"http://{host}:{port}/-/healthy"
        first = (await client.get(url)).headers["date"]
        async with asyncio.timeout(20):
            while (second := (await client.get(url)).headers["date"]) == first:  # noqa: ASYNC110 - the clock has no event
                await asyncio.sleep(0.05)
    dates = [parsedate_to_datetime(each) for each in (first, second)]
    assert dates[0] < dates[1] <= SystemClock().now()
    assert SystemClock().now() - dates[1] < timedelta(seconds=20)


@pytest.mark.parametrize("host", ["localhost", "::1"])
async def test_other_names_of_loopback_serve_too(host: str) -> None:
    """IPv6 and the name `localhost`."""
    face = World().face()
    server = WebServer(face.app, face.close)
    bound, port = server.bind(host, 0)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(server.run())
        address = f"[{bound}]" if ":" in bound else bound
        async with AsyncClient() as client:
            assert (await client.get(f"http://{address}:{port}/-/healthy")).status_code == 200
        server.stop()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_beyond_loopback_it_does_not_listen(host: str) -> None:
    """Reading is open, so nobody else may reach it."""
    face = World().face()
    with pytest.raises(ListenFailed, match="expected a loopback address"):
        WebServer(face.app, face.close).bind(host, 0)


def test_a_taken_port_is_one_clear_line() -> None:
    """Who starts a second monitor is told which port is taken."""
    face = World().face()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ListenFailed) as failed:
            WebServer(face.app, face.close).bind("127.0.0.1", port)
    assert str(failed.value) == f"listen: port {port} on 127.0.0.1 can't be had: address already in use"


def test_what_is_bound_and_never_run_can_be_closed() -> None:
    """The socket is let go of; closing again does nothing."""
    face = World().face()
    server = WebServer(face.app, face.close)
    with pytest.raises(ListenFailed):
        _ = server.address
    host, port = server.bind("127.0.0.1", 0)
    server.close()
    server.close()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((host, port))


async def test_signals_stay_with_the_daemon() -> None:
    """Serving changes no signal handler."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    async with serving(World().face()) as (host, port), AsyncClient() as client:
        await client.get(f"http://{host}:{port}/-/healthy")
        assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"GET / HT"],
        [b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "],
        [b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nnine"],
    ],
    ids=["says nothing", "in the first line", "in a header", "in a body"],
)
async def test_a_client_that_does_not_finish_is_cut_off(parts: list[bytes]) -> None:
    """A request that doesn't arrive whole in time ends its connection; before an answer began, with 408."""
    async with serving(World().face(), QUICK) as address:
        answer = await _exchange(address, *parts)
    if not parts or b"Content-Length" not in parts[0]:
        assert _refusal(answer) == (408, "too_slow")


async def test_a_byte_now_and_then_buys_no_time() -> None:
    """Slowloris: the deadline counts from the start of the request, not from the last byte."""
    assert await _sent_slowly(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"a") == (408, "too_slow")


async def _sent_slowly(begun: bytes, piece: bytes) -> tuple[int, str]:
    """Send a piece now and then until the server has refused it; return how.

    What is still sent when the server has closed already may reset its answer before that is read: then once more.
    """
    async with serving(World().face(), QUICK) as address, asyncio.timeout(60):
        while True:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(begun)
            reading = asyncio.create_task(reader.read())
            while not reading.done():
                writer.write(piece)
                await asyncio.wait({reading}, timeout=0.02)
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)
            if not isinstance(reading.exception(), ConnectionResetError):
                return _refusal(reading.result())


async def test_the_next_request_on_a_connection_has_a_deadline_too() -> None:
    """A client can't be quick once and slow ever after."""
    face = World().face()
    server = WebServer(face.app, face.close, Bounds(stop_seconds=0.5))
    address = server.bind("127.0.0.1", 0)
    connections = server._server.server_state.connections
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(server.run())
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readuntil(b"healthy\n")).startswith(b"HTTP/1.1 200 ")
        writer.write(b"GET / HT")
        await until(lambda: any(getattr(each, "_arrival", None) for each in connections))
        leap(Bounds().request_seconds)
        assert _refusal(await reader.read()) == (408, "too_slow")
        writer.close()
        server.stop()


async def test_an_idle_connection_is_closed() -> None:
    """After its answer a client that asks no more is let go, without an error."""
    async with serving(World().face(), PATIENT) as address:
        answer = await _exchange(address, b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.endswith(b"healthy\n")


@pytest.mark.parametrize("size", [30_000_000, 4_000_000], ids=["in the middle", "at the end"])
async def test_a_client_that_does_not_read_is_cut_off(size: int) -> None:
    """An answer nobody takes does not stay in memory."""
    world = World(exposition=b"x" * size)
    face = world.face()
    server = WebServer(face.app, face.close, Bounds(write_seconds=0.3, stop_seconds=0.5))
    address = server.bind("127.0.0.1", 0)
    connections = server._server.server_state.connections
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(server.run())
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(address)
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            await until(lambda: connections)
            await until(lambda: not connections)
        server.stop()


@pytest.mark.parametrize(
    "request_bytes",
    [b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000, b"GET /" + b"a" * 200_000],
    ids=["header", "path"],
)
async def test_an_endless_head_is_refused(request_bytes: bytes) -> None:
    """Past its bound nothing more is collected."""
    async with serving(World().face(), PATIENT) as address:
        answer = await _exchange(address, request_bytes[:40_000])
    assert _refusal(answer) == (431, "too_large")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"HELLO\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"GET \xff HTTP/1.1\r\n\r\n",
        b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
async def test_what_is_not_for_us_gets_the_one_shape(garbage: bytes) -> None:
    """Bytes that are no HTTP, or HTTP for a proxy, are refused as JSON; no traceback, no echo."""
    async with serving(World().face(), PATIENT) as address:
        status, code = _refusal(await _exchange(address, garbage))
    assert (status, code) == (400, "bad_request")


async def test_an_upgrade_is_not_granted() -> None:
    """A WebSocket request is answered as what it is besides: a GET."""
    upgrade = (
        b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    async with serving(World().face(), PATIENT) as address:
        answer = await _exchange(address, upgrade)
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 400 "))
    assert b" 101 " not in answer


async def test_cancelling_ends_it_as_stopping_does() -> None:
    """A cancelled server closes its socket and its connections, in time."""
    face = World().face()
    server = WebServer(face.app, face.close, PATIENT)
    address = server.bind("127.0.0.1", 0)
    task = asyncio.create_task(server.run())
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await until(lambda: face.hub.listeners == 1)
    task.cancel()
    async with asyncio.timeout(20):
        with pytest.raises(asyncio.CancelledError):
            await task
        await reader.read()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(*address)
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_stopping_waits_for_nobody_who_is_stuck() -> None:
    """A handler that doesn't come back is cut off within the time allowed for stopping."""
    world = World()
    world.store.hold("outages")
    face = world.face()
    loop = asyncio.get_running_loop()
    async with serving(face, PATIENT) as address:
        asked = asyncio.create_task(_exchange(address, b"GET /api/v1/outages HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        await until(lambda: "outages" in world.store.calls)
        began = loop.time()
    assert loop.time() - began < 20
    await asyncio.gather(asked, return_exceptions=True)


def test_it_serves_on_uvloop() -> None:
    """The loop that the daemon prefers serves, cuts off and stops as the other does."""

    async def story() -> None:
        async with serving(World().face(), PATIENT) as (host, port), AsyncClient() as client:
            assert (await client.get(f"http://{host}:{port}/api/v1/flag/{PLATFORM}")).status_code == 200
        async with serving(World().face(), QUICK) as address:
            assert _refusal(await _exchange(address, b"GET / HT")) == (408, "too_slow")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(story())


async def test_line_breaks_buy_no_time() -> None:
    """What HTTP lets a client send before a request holds a connection no longer than a request may take."""
    assert await _sent_slowly(b"", b"\r\n") == (408, "too_slow")


async def test_a_client_that_reads_slowly_but_steadily_gets_everything() -> None:
    """Only who takes next to nothing is cut off, however long the whole of it lasts: each piece has its own time."""
    size = 20_000_000
    face = World(exposition=b"x" * size).face()
    server = WebServer(face.app, face.close, PATIENT)
    address = server.bind("127.0.0.1", 0)
    connections = server._server.server_state.connections
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run())
        reader, writer = await asyncio.open_connection(*address, limit=64 * 1024)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        taken = len(await reader.readexactly(1 << 20))
        while sum(each.transport.get_write_buffer_size() for each in connections):
            taken += len(await reader.readexactly(min(4 << 20, size - taken)))
            leap(PATIENT.write_seconds * 0.6)
        taken += len(await reader.read(-1))
        writer.close()
        server.stop()
    assert taken == size


async def test_nothing_is_written_into_an_answer_under_way() -> None:
    """Bytes that are no HTTP, sent while the event stream runs, end the connection without another word."""
    face = World().face()
    async with serving(face, PATIENT) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readuntil(b"retry: 3000\n\n")
        writer.write(b"\x00\x01 nonsense\r\n\r\n")
        rest = await asyncio.gather(reader.read(), return_exceptions=True)
        await until(lambda: face.hub.listeners == 0)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    assert b"HTTP/1.1" not in (rest[0] if isinstance(rest[0], bytes) else b"")


@pytest.mark.parametrize(("version", "status"), [(b"1.0", 200), (b"1.1", 421)])
async def test_only_the_oldest_http_may_leave_out_the_host(version: bytes, status: int) -> None:
    """No browser speaks it, so no page on the internet can."""
    async with serving(World().face(), PATIENT) as address:
        answer = await _exchange(address, b"GET /-/healthy HTTP/" + version + b"\r\nConnection: close\r\n\r\n")
    assert int(answer.split()[1]) == status


@pytest.mark.parametrize("host", ["256.256.256.256", "glasswatch.example.com", ""])
def test_a_host_that_is_no_address_is_one_clear_line(host: str) -> None:
    """No name server is asked where to listen."""
    face = World().face()
    with pytest.raises(ListenFailed) as failed:
        WebServer(face.app, face.close).bind(host, 0)
    assert str(failed.value) == "listen: expected an IP address or localhost"
