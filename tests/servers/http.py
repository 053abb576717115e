"""Scripts for HTTP servers: one that answers, and the many ways not to."""

import asyncio
import gzip
import zlib
from collections.abc import Iterable

from tests.servers.raw import Script, Talk

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status": "ok"}'


def answering(*pieces: bytes, keeps: list[bytes] | None = None, after: float = 0.0) -> Script:
    """Read a request, wait `after` seconds, send these pieces, close. `keeps` collects the heads of the requests."""

    async def script(talk: Talk) -> None:
        head = await talk.head()
        if keeps is not None:
            keeps.append(head)
        await asyncio.sleep(after)
        for piece in pieces:
            await talk.say(piece)

    return script


def answer(status: int = 200, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """Return a proper answer."""
    lines = [
        f"HTTP/1.1 {status} Said",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def then_hanging(*pieces: bytes) -> Script:
    """Read a request, send these pieces, then nothing more."""

    async def script(talk: Talk) -> None:
        await talk.head()
        for piece in pieces:
            await talk.say(piece)
        await talk.hang()

    return script


def then_resetting(*pieces: bytes) -> Script:
    """Read a request, send these pieces, then break the connection."""

    async def script(talk: Talk) -> None:
        await talk.head()
        for piece in pieces:
            await talk.say(piece)
        await asyncio.sleep(0.01)  # so that what was sent is read first
        talk.reset()

    return script


def repeating(start: bytes, again: bytes) -> Script:
    """Read a request, send a start, then the same piece without end."""

    async def script(talk: Talk) -> None:
        await talk.head()
        await talk.say(start)
        while True:
            await talk.say(again)
            await asyncio.sleep(0)  # the client shares the loop

    return script


def dribbling(data: bytes, every: float = 0.02) -> Script:
    """Read a request, then send one byte at a time."""

    async def script(talk: Talk) -> None:
        await talk.head()
        for index in range(len(data)):
            await talk.say(data[index : index + 1])
            await asyncio.sleep(every)

    return script


async def silent(talk: Talk) -> None:
    """Accept, and say nothing."""
    await talk.hang()


async def closing(talk: Talk) -> None:
    """Take the request and close without a word."""
    await talk.head()


def gzipped(body: bytes) -> bytes:
    """Return an answer whose body is compressed."""
    return answer(body=gzip.compress(body), headers=[("Content-Encoding", "gzip")])


def bomb(plain_bytes: int, coding: str = "gzip") -> bytes:
    """Return an answer of about a thousandth of the size that it decompresses to."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)
    zeros = bytes(1024 * 1024)
    packed = b"".join(packer.compress(zeros) for _ in range(plain_bytes // len(zeros))) + packer.flush()
    return answer(body=packed, headers=[("Content-Encoding", coding)])
