"""A proxy on loopback: CONNECT and the absolute form; what it was asked, and the ways in which it fails."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.servers.raw import Script, Talk


@dataclass(slots=True)
class Proxy:
    """Relays. `says` replaces the answer to a request; `then` is done in place of relaying once a tunnel stands."""

    says: bytes | None = None
    then: Script | None = None
    heads: list[bytes] = field(default_factory=list)

    async def script(self, talk: Talk) -> None:
        """Serve one connection."""
        head = await talk.head()
        self.heads.append(head)
        method, target, _ = head.split(b" ", 2)
        if self.says is not None:
            await talk.say(self.says)
        elif method == b"CONNECT":
            await talk.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
            if self.then is not None:
                await self.then(talk)
            else:
                host, _, port = target.decode().rpartition(":")
                await _relay(talk, host.strip("[]"), int(port), b"")
        else:
            parts = urlsplit(target.decode())
            rest = head.replace(target, (parts.path or "/").encode(), 1)
            await _relay(talk, parts.hostname or "", parts.port or 80, rest)


async def _relay(talk: Talk, host: str, port: int, first: bytes) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(first)
        await asyncio.wait(
            [asyncio.create_task(_pipe(talk.reader, writer)), asyncio.create_task(_pipe(reader, talk.writer))],
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        writer.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
