import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.types import Message

from monitor.model.fact import PlatformChanged
from monitor.model.verdict import Verdict
from monitor.web.deadlines import Bounds
from monitor.web.events import Hub
from monitor.web.face import WebFace
from monitor.web.server import WebServer
from monitor.web.stream import EventStream
from tests.support.clock import START
from tests.support.desk import token
from tests.support.face import World, asking, serving
from tests.support.leaping import leap
from tests.support.waiting import until
from tests.support.watching import PLATFORM

CHANGED = PlatformChanged(Verdict.UP, Verdict.DOWN, START, "sign_in is down")
REQUEST = b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n%s\r\n"


def _is_paused(connection: Any) -> bool:
    return bool(connection.flow.write_paused)


@asynccontextmanager
async def _listening(
    address: tuple[str, int], extra: bytes = b""
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(REQUEST % extra)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert b"content-type: text/event-stream; charset=utf-8\r\n" in head
        yield reader, writer
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_events_arrive_as_they_happen() -> None:
    """A client hears of a change at once, with its id and name; the file of facts is one line each."""
    face = World().face()
    async with serving(face) as address, _listening(address) as (reader, _):
        await until(lambda: face.hub.listeners == 1)
        face.changed(PLATFORM, [CHANGED], START)
        told = await reader.readuntil(b'"why":"sign_in is down"}\n\n')
        assert b"event: verdict\n" in told
        assert b"retry: 3000\n\n" in told


async def test_a_client_that_comes_back_catches_up() -> None:
    """`Last-Event-ID` brings what was missed."""
    face = World().face()
    async with serving(face) as address:
        face.changed(PLATFORM, [CHANGED, CHANGED], START)
        async with _listening(address, b"Last-Event-ID: 20260301T030000-1\r\n") as (reader, _):
            told = await reader.readuntil(b"sign_in is down")
    assert b"id: 20260301T030000-2\n" in told


async def test_a_client_that_goes_is_forgotten() -> None:
    """Closing the connection ends its stream, without an event to find out."""
    face = World().face()
    async with serving(face) as address:
        async with _listening(address):
            await until(lambda: face.hub.listeners == 1)
        await until(lambda: face.hub.listeners == 0)


async def test_a_client_that_stops_reading_is_cut_off_and_holds_up_nobody() -> None:
    """It takes nothing for its time and its connection ends; another one hears every event meanwhile."""
    face = World().face()
    long = PlatformChanged(Verdict.UP, Verdict.DOWN, START, "x" * 60_000)
    server = WebServer(face.app, face.close, Bounds(stop_seconds=0.5))
    address = server.bind("127.0.0.1", 0)
    connections = server._server.server_state.connections
    heard = 0

    async def hear(reader: asyncio.StreamReader) -> None:
        nonlocal heard
        while line := await reader.readline():
            heard += line.startswith(b"id: ")

    async with asyncio.timeout(40), asyncio.TaskGroup() as group:
        group.create_task(server.run())
        async with _listening(address), _listening(address) as (quick, _):
            await until(lambda: face.hub.listeners == 2)
            hearing = group.create_task(hear(quick))
            told, is_late = 0, False
            while face.hub.listeners == 2:
                face.hub.tell(PLATFORM, [long], START)
                told += 1
                await until(lambda: heard == told)  # noqa: B023 - awaited before the next turn
                if not is_late and any(_is_paused(each) for each in connections):
                    is_late = True
                    leap(Bounds().write_seconds)
            await until(lambda: len(connections) == 1)
            assert face.hub.listeners == 1
            assert not hearing.done()
            hearing.cancel()
        server.stop()


async def test_stopping_ends_every_stream() -> None:
    """A client that listens does not hold up the end of the monitor."""
    face = World().face()
    async with serving(face) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(REQUEST % b"")
        await until(lambda: face.hub.listeners == 1)
    rest = await reader.read()
    assert rest.endswith(b"0\r\n\r\n")
    writer.close()
    await writer.wait_closed()


async def test_a_head_request_does_not_listen() -> None:
    """Only the headers, at once."""
    face = World().face()
    async with asking(face) as client:
        response = await client.head("/api/v1/events")
    assert response.headers["content-type"].startswith("text/event-stream")
    assert face.hub.listeners == 0


async def test_too_many_listeners_are_refused() -> None:
    """One too many gets the one JSON shape, and when to come again."""
    face: WebFace = World().face()
    while face.hub.join(None) is not None:
        pass
    async with asking(face) as client:
        response = await client.get("/api/v1/events")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "busy")
    assert response.headers["retry-after"] == "3"


async def test_a_quiet_line_shows_that_it_lives() -> None:
    """With nothing to tell, a comment goes out again and again."""
    hub = Hub("m")
    sent: list[bytes] = []
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))

    stream = EventStream(hub, hub.join(None), heartbeat_seconds=0.01)
    task = asyncio.create_task(stream({}, receive, send))
    await until(lambda: sent.count(b": still here\n\n") >= 3)
    gone.set()
    async with asyncio.timeout(20):
        await task
    assert hub.listeners == 0


@pytest.mark.parametrize("ends", ["expired", "taken out of the settings", "given fewer scopes"])
async def test_a_stream_ends_with_its_token(ends: str) -> None:
    """Within seconds, though nothing happens; and what happens after is not told."""
    world = World()
    world.site = replace(world.site, is_local=False, tokens=(token("gwt_ben", "read", person="ben"),))
    face = world.face()
    async with serving(face) as address:
        async with _listening(address, b"Authorization: Bearer gwt_ben\r\n") as (reader, _):
            await until(lambda: face.hub.listeners == 1)
            face.changed(PLATFORM, [CHANGED], START)
            await reader.readuntil(b"sign_in is down")
            if ends == "expired":
                world.clock.advance(timedelta(days=31).total_seconds())
            else:
                tokens = (token("gwt_ben", "use", person="ben"),) if ends == "given fewer scopes" else ()
                object.__setattr__(world.site, "tokens", tokens)
            rest = await reader.read()
        assert face.hub.listeners == 0
    assert rest.endswith(b"0\r\n\r\n")
    assert b"still here" not in rest


async def test_what_happens_after_a_token_ended_is_not_told() -> None:
    """Not even the next event, before a quiet stream would have noticed."""
    world = World()
    world.site = replace(world.site, is_local=False, tokens=(token("gwt_ben", "read", person="ben"),))
    face = world.face()
    async with serving(face) as address, _listening(address, b"Authorization: Bearer gwt_ben\r\n") as (reader, _):
        await reader.readuntil(b"retry: 3000\n\n")
        object.__setattr__(world.site, "tokens", ())
        face.changed(PLATFORM, [CHANGED], START)
        rest = await reader.read()
    assert b"sign_in" not in rest


@pytest.mark.parametrize("moment", ["start", "body"])
async def test_a_stream_that_breaks_leaves_nothing_behind(moment: str) -> None:
    """Whatever goes wrong while sending, the listener is forgotten."""
    hub = Hub("m")

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"].endswith(moment):
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        await EventStream(hub, hub.join(None))({}, receive, send)
    assert hub.listeners == 0
