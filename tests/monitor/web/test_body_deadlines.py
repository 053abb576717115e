"""Bodies over a real socket: slow, endless, cut off, in chunks, promised and never sent."""

import asyncio
import json

import pytest

from monitor.web.deadlines import Bounds
from tests.support.desk import Counter, Order, token
from tests.support.face import World
from tests.support.leaping import leap
from tests.support.waiting import until

BOUNDS = Bounds(idle_seconds=1, stop_seconds=0.5)
HEAD = (
    b"POST /order HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer gwt_of_anna\r\n"
    b"Content-Type: application/json\r\n"
)
GOOD = b'{"reason": "a look"}'


@pytest.fixture
def counter() -> Counter:
    """An endpoint that takes a body."""
    counter = Counter(World())
    counter.give(token("gwt_of_anna", "drill"))
    return counter


def _refusal(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body.partition(b"}}")[0] + b"}}")["error"]["code"]


async def _exchange(address: tuple[str, int], *pieces: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0)
    answer = await reader.read()
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    return answer


async def _given_up(counter: Counter, address: tuple[str, int], head: bytes) -> bytes:
    """Return all that comes when the time for a request is over whose head alone was sent."""
    exchange = asyncio.create_task(_exchange(address, head))
    await counter.head_arrived()
    leap(BOUNDS.request_seconds)
    return await exchange


async def _codes(counter: Counter, count: int) -> list[object]:
    await until(lambda: len(counter.world.noted) >= count)
    return [entry.body["code"] for _, entry in counter.world.noted]


async def test_a_body_may_come_in_pieces(counter: Counter) -> None:
    """As long as it arrives in time."""
    head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(GOOD)
    async with counter.serving(BOUNDS) as address:
        answer = await _exchange(address, head, *(GOOD[place : place + 1] for place in range(len(GOOD))))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert counter.bodies == [Order(reason="a look")]


async def test_a_body_that_dribbles_is_refused_in_time(counter: Counter) -> None:
    """A byte now and then buys no time; it is said, and on record."""
    async with counter.serving(BOUNDS) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(HEAD + b"Content-Length: 10000\r\n\r\n")
        reading = asyncio.create_task(reader.read())
        await counter.head_arrived()
        for seconds in (0.0, BOUNDS.request_seconds / 2, BOUNDS.request_seconds / 2):
            leap(seconds)
            assert not reading.done()
            writer.write(b" ")
            await asyncio.wait({reading}, timeout=0.02)
        assert _refusal(await reading) == (408, "too_slow")
        assert await _codes(counter, 1) == ["too_slow"]
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    assert counter.asked == []


async def test_a_promised_body_that_never_comes_is_refused_in_time(counter: Counter) -> None:
    """Also where the client waits to be asked for it."""
    async with counter.serving(BOUNDS) as address:
        silent = await _given_up(counter, address, HEAD + b"Content-Length: 10\r\n\r\n")
        asked = await _given_up(counter, address, HEAD + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n")
    assert _refusal(silent) == (408, "too_slow")
    assert asked.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert _refusal(asked.partition(b"\r\n\r\n")[2]) == (408, "too_slow")


async def test_a_body_cut_off_is_on_record(counter: Counter) -> None:
    """Nobody is there to be told."""
    async with counter.serving(BOUNDS) as address:
        _, writer = await asyncio.open_connection(*address)
        writer.write(HEAD + b"Content-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.transport.abort()
        assert await _codes(counter, 1) == ["too_slow"]
    assert counter.asked == []


async def test_an_endless_body_is_refused_before_it_is_read(counter: Counter) -> None:
    """By what its head says, without asking for it."""
    async with counter.serving(BOUNDS) as address:
        answer = await _exchange(
            address, HEAD + b"Content-Length: 1000000000\r\nExpect: 100-continue\r\n\r\n", b" " * 50_000
        )
    assert _refusal(answer) == (413, "body_too_large")


async def test_endless_chunks_are_refused(counter: Counter) -> None:
    """Before the first is read."""
    async with counter.serving(BOUNDS) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"400\r\n" + b" " * 1024 + b"\r\n") * 40)
        answer = await reader.readuntil(b"}}")
        writer.close()
    assert _refusal(answer) == (400, "bad_body")
    assert counter.asked == []


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 20\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"Content-Length: 20\r\nContent-Length: 21\r\n\r\n",
        b"Content-Length: -20\r\n\r\n",
        b"Content-Length: +20\r\n\r\n",
        b"Content-Length: 20, 20\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Content-Length : 20\r\n\r\n",
    ],
)
async def test_a_length_that_can_be_read_in_two_ways_is_refused(counter: Counter, framing: bytes) -> None:
    """What a proxy reads differently than we do could hide a second request."""
    async with counter.serving(BOUNDS) as address:
        answer = await _exchange(address, HEAD + framing + GOOD)
    status = int(answer.split()[1])
    assert 400 <= status < 500
    assert counter.asked == []
