"""A turn's answer: found however slowly it comes, and looked for no more often than is cheap."""

import asyncio
import re
import socket

import pytest

from glasswatch.clock import SystemClock
from platforms.errors import FaultKind, TransportFault
from platforms.transport.resolver import Address
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.turns import Dialogue, Hearing, Turn
from platforms.transport.wire import dial
from tests.servers.raw import Talk, serving

LARGEST = 65536


class Looking:
    """A reply that counts the bytes it looks at."""

    def __init__(self, wanted: bytes) -> None:
        self.looked_at = 0
        self._wanted = re.compile(wanted)

    def __call__(self, said: bytes) -> int | None:
        """See `platforms.transport.turns.Reply`."""
        self.looked_at += len(said)
        found = self._wanted.search(said)
        return found.end() if found is not None else None


@pytest.mark.parametrize("piece", [b"x", b"\n"])
async def test_dribbling_takes_little(piece: bytes) -> None:
    """Byte by byte up to the largest answer: what is looked at grows with it, not with its square."""
    looking = Looking(b"never")
    hearing = Hearing(Turn("x", looking), bytearray(), LARGEST, Stopwatch(SystemClock()))
    for _ in range(LARGEST):
        assert not hearing.feed(piece)
    with pytest.raises(TransportFault) as caught:
        hearing.feed(piece)
    hearing.close()
    assert caught.value.kind is FaultKind.TOO_LARGE
    assert looking.looked_at < 100 * LARGEST


@pytest.mark.parametrize("ends", ["hangs", "closes"])
async def test_an_answer_after_much_else_is_found(ends: str) -> None:
    """Its last byte comes alone, without a line's end, when it isn't looked at each byte any more."""

    async def script(talk: Talk) -> None:
        await talk.say(b"x" * 5000 + b"don")
        await talk.reader.read(1)
        await talk.say(b"e")
        if ends == "hangs":
            await talk.hang()

    async with serving(script) as server:
        wire = await dial(Address("127.0.0.1", server.port, socket.AF_INET), LARGEST)
        try:
            dialogue = Dialogue(wire, Stopwatch(SystemClock()))
            asyncio.get_running_loop().call_later(0.2, wire.send, b"?")
            async with asyncio.timeout(20):
                await dialogue.take(Turn("x", Looking(b"done")))
        finally:
            wire.abort()
    assert not dialogue.said
