"""Answers in pieces: made one by one, with a turn for everybody else in between."""

import asyncio
from collections.abc import Iterator

from monitor.web.pieces import in_pieces
from platforms.http import ASGITransport, AsyncClient


async def test_a_small_answer_says_its_length() -> None:
    """One piece is sent as any other answer."""
    async with AsyncClient(transport=ASGITransport(in_pieces([b"all"], "text/plain")), base_url="http://x") as client:
        got = await client.get("/")
    assert (got.content, got.headers["content-length"], got.headers["content-type"]) == (b"all", "3", "text/plain")


async def test_nothing_at_all_is_an_answer() -> None:
    """An empty one."""
    async with AsyncClient(transport=ASGITransport(in_pieces([], "text/plain")), base_url="http://x") as client:
        assert (await client.get("/")).content == b""


async def test_others_have_their_turn_between_two_pieces() -> None:
    """A piece is made when the one before was sent, and the loop came round."""
    turns = 0
    made: list[int] = []

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def pieces() -> Iterator[bytes]:
        for number in range(50):
            made.append(turns)
            yield b"%d\n" % number

    waiting = asyncio.create_task(other())
    async with AsyncClient(transport=ASGITransport(in_pieces(pieces(), "text/plain")), base_url="http://x") as client:
        got = await client.get("/")
    waiting.cancel()
    assert got.text.split() == [str(number) for number in range(50)]
    assert len(set(made)) > 40
