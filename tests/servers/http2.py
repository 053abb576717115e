"""Scripts for HTTP/2 servers, byte by byte: one that answers, and the many ways not to."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from hpack.hpack import Decoder, Encoder
from hpack.struct import NeverIndexedHeaderTuple

from tests.servers.raw import Script, Talk

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 0x1, 0x1, 0x4, 0x8


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 1) -> bytes:
    """Return one frame."""
    header = len(payload).to_bytes(3, "big") + bytes((kind, flags))
    return header + stream.to_bytes(4, "big") + payload


def settings(*pairs: tuple[int, int], flags: int = 0) -> bytes:
    """Return a frame of settings."""
    payload = b"".join(name.to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in pairs)
    return frame(SETTINGS, payload, flags, 0)


def block(fields: Iterable[tuple[str, str]]) -> bytes:
    """Return a head as it is packed, without the use of a table."""
    return Encoder().encode([NeverIndexedHeaderTuple(name.encode(), value.encode()) for name, value in fields])


def head(
    *fields: tuple[str, str], status: int | None = 200, is_last: bool = False, stream: int = 1, flags: int = END_HEADERS
) -> bytes:
    """Return the frame of a head; without a status that of trailers."""
    first = [(":status", str(status))] if status is not None else []
    return frame(HEADERS, block([*first, *fields]), flags | (END_STREAM if is_last else 0), stream)


def data(piece: bytes = b"", *, is_last: bool = False, padding: int | None = None) -> bytes:
    """Return a frame with a piece of a body."""
    flags = END_STREAM if is_last else 0
    if padding is None:
        return frame(DATA, piece, flags)
    return frame(DATA, bytes((padding,)) + piece + bytes(padding), flags | PADDED)


def goaway(last: int, code: int = 0, why: bytes = b"") -> bytes:
    """Return the frame by which a server says that it takes no more."""
    return frame(GOAWAY, last.to_bytes(4, "big") + code.to_bytes(4, "big") + why, 0, 0)


def reset(code: int) -> bytes:
    """Return the frame by which a server gives a request up."""
    return frame(RST_STREAM, code.to_bytes(4, "big"))


def window(by: int, stream: int = 0) -> bytes:
    """Return the frame that opens a window."""
    return frame(WINDOW_UPDATE, by.to_bytes(4, "big"), 0, stream)


GREETING = settings() + settings(flags=ACK)
BODY = b'{"status": "ok"}'
OK = head(("content-type", "application/json"), ("content-length", "16")) + data(BODY, is_last=True)


@dataclass(slots=True)
class Asked:
    """What a client sent: its request, and the frames beside it."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    others: list[tuple[int, bytes]] = field(default_factory=list)


async def asked(talk: Talk, *, whole: bool = True) -> Asked:
    """Read a request; if not `whole`, its head only."""
    got = Asked()
    assert await talk.reader.readexactly(len(PREFACE)) == PREFACE
    while True:
        kind, flags, payload = await read_frame(talk)
        if kind == HEADERS:
            got.fields = [(bytes(k).decode(), bytes(v).decode()) for k, v in Decoder().decode(payload, raw=True)]
        elif kind == DATA:
            got.body += payload
        else:
            got.others.append((kind, payload))
        if got.fields and (not whole or (kind in (HEADERS, DATA) and flags & END_STREAM)):
            return got


async def read_frame(talk: Talk) -> tuple[int, int, bytes]:
    """Return kind, flags and payload of the next frame."""
    header = await talk.reader.readexactly(9)
    return header[3], header[4], await talk.reader.readexactly(int.from_bytes(header[:3], "big"))


def answering(*pieces: bytes, keeps: list[Asked] | None = None) -> Script:
    """Read a request, greet, send these pieces, close. `keeps` collects the requests."""

    async def script(talk: Talk) -> None:
        got = await asked(talk)
        if keeps is not None:
            keeps.append(got)
        for piece in (GREETING, *pieces):
            await talk.say(piece)
        await talk.finish()

    return script


def saying(*pieces: bytes) -> Script:
    """Send these pieces and nothing else, whatever the client says, and hang."""

    async def script(talk: Talk) -> None:
        await asked(talk)
        for piece in pieces:
            await talk.say(piece)
        await talk.hang()

    return script


def repeating(start: bytes, again: bytes) -> Script:
    """Read a request, greet, send a start, then the same piece without end."""

    async def script(talk: Talk) -> None:
        await asked(talk)
        await talk.say(GREETING + start)
        while True:
            await talk.say(again)
            await asyncio.sleep(0)  # the client shares the loop

    return script


def then_resetting(*pieces: bytes) -> Script:
    """Read a request, greet, send these pieces, then break the connection."""

    async def script(talk: Talk) -> None:
        await asked(talk)
        await talk.say(b"".join((GREETING, *pieces)))
        await asyncio.sleep(0.01)  # so that what was sent is read first
        talk.reset()

    return script


def keeping_to_windows(size: int) -> Script:
    """Answer with a body of `size` bytes, through a library that sends none for which there is no room."""

    async def script(talk: Talk) -> None:
        server = H2Connection(H2Configuration(client_side=False))
        server.initiate_connection()
        left, is_asked = size, False
        while left and (read := await talk.reader.read(65536)):
            events = server.receive_data(read)
            if not is_asked and any(isinstance(event, RequestReceived) for event in events):
                is_asked = True
                server.send_headers(1, [(":status", "200")])
            while is_asked and left and (room := min(server.local_flow_control_window(1), 16384, left)):
                left -= room
                server.send_data(1, b"x" * room, end_stream=not left)
            await talk.say(server.data_to_send())
        await talk.hang()

    return script


def closing_after(everything: bytes) -> Script:
    """Read a request, send this, and close."""

    async def script(talk: Talk) -> None:
        await asked(talk)
        await talk.say(everything)

    return script
