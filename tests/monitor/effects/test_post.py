"""Posting: every address of a name, a bounded answer, and names that hang."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from monitor.channels.post import LARGEST_ANSWER, Place, Poster
from monitor.errors import DeliveryFailed
from platforms.http import AsyncByteStream, ConnectError, MockTransport, Request, Response
from tests.support.leaping import leap
from tests.support.receiver import receiving

PIECE = 8 * 1024
PATIENCE = timedelta(seconds=30)


class Stream(AsyncByteStream):
    """A body without end that counts what was asked for."""

    def __init__(self) -> None:
        self.pieces = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.pieces += 1
            yield b"x" * PIECE


def found(*hosts: str) -> list[tuple[object, ...]]:
    """Return what the system's look-up returns for these addresses."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 80)) for host in hosts]


class Names:
    """Stands in for the look-up."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = hosts

    async def run(self, _work: object, _within: timedelta) -> object:
        """Return the addresses."""
        return found(*self.hosts)


def poster(url: str, *hosts: str, transport: MockTransport | None = None) -> Poster:
    """Return a poster for whose name these addresses are found."""
    made = Poster(Place("ops", url, timedelta(seconds=20)), transport)
    made._names = Names(*hosts)  # type: ignore[assignment]  # the look-up's place
    return made


async def test_next_address_is_tried_when_one_takes_no_connection() -> None:
    """A dead address before a living one costs a moment, not the page."""
    async with receiving() as receiver:
        post = poster(f"http://hooks.example.com:{receiver.port}/x", "127.0.0.2", "127.0.0.3", "127.0.0.1")
        answer = await post.post({}, b"{}")
        await post.aclose()

    assert answer.status == 200
    assert receiver.received[0].headers["host"] == f"hooks.example.com:{receiver.port}"


async def test_last_address_says_what_is_wrong() -> None:
    """Where no address takes a connection, the last one's reason is told."""
    async with receiving() as receiver:
        port = receiver.port
    with pytest.raises(DeliveryFailed, match=r"^ops could not be reached: Connection refused$"):
        await poster(f"http://hooks.example.com:{port}", "127.0.0.2", "127.0.0.1").post({}, b"")


async def test_addresses_tried_are_bounded() -> None:
    """A name with a thousand addresses doesn't cost a thousand connections."""
    tried: list[str] = []

    def refuse(request: Request) -> Response:
        tried.append(request.url.host)
        raise ConnectError("no")

    hosts = [f"192.0.2.{number}" for number in range(100)]
    with pytest.raises(DeliveryFailed):
        await poster("http://hooks.example.com", *hosts, transport=MockTransport(refuse)).post({}, b"")

    assert tried == hosts[:4]


async def test_answer_is_read_to_its_bound_and_no_further() -> None:
    """A body that is too large is given up where the bound is passed, and counts as none."""
    stream = Stream()
    post = poster("http://h.example.com", "192.0.2.1", transport=MockTransport(lambda _: Response(200, stream=stream)))
    answer = await post.post({}, b"")

    assert (answer.status, answer.body) == (200, b"")
    assert stream.pieces == LARGEST_ANSWER // PIECE + 1


async def test_body_of_a_refusal_is_not_read() -> None:
    """What was not taken needs no receipt."""
    stream = Stream()
    post = poster("http://h.example.com", "192.0.2.1", transport=MockTransport(lambda _: Response(500, stream=stream)))

    assert (await post.post({}, b"")).status == 500
    assert stream.pieces == 0


async def test_ipv6_address_is_put_in_brackets() -> None:
    """An IPv6 address is asked under the name all the same."""
    asked: list[tuple[str, str]] = []

    def answer(request: Request) -> Response:
        asked.append((str(request.url), request.headers["host"]))
        return Response(503)

    await poster("http://h.example.com/a?b=c", "2001:db8::1", transport=MockTransport(answer)).post({}, b"")

    assert asked == [("http://[2001:db8::1]/a?b=c", "h.example.com")]


async def test_look_up_that_hangs_holds_up_neither_loop_nor_another_place() -> None:
    """A name that never resolves costs its own deadline only; another place is posted to meanwhile."""
    may_go = threading.Event()
    stuck = Poster(Place("stuck", "http://localhost:9", PATIENCE))
    hanging = asyncio.create_task(stuck._names.run(lambda: may_go.wait(60), 2 * PATIENCE))
    try:
        async with receiving() as receiver:
            waiting = asyncio.create_task(stuck.post({}, b""))
            well = Poster(Place("well", receiver.url, PATIENCE / 2))
            assert (await well.post({}, b"")).status == 200
            leap(PATIENCE.total_seconds())
            with pytest.raises(DeliveryFailed, match=r"^stuck did not answer within 30 s$"):
                await waiting
            await well.aclose()
    finally:
        may_go.set()
        await hanging
