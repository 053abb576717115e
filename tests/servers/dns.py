"""A DNS server on loopback with a few names, that can also fail and keep silent."""

import asyncio
import contextlib
import ipaddress
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

NO_SUCH_NAME = 3
SERVER_FAILURE = 2
REFUSED = 5

_VERSIONS = {1: 4, 28: 6}  # IP version by record type: A and AAAA


@dataclass(slots=True)
class DnsServer(asyncio.DatagramProtocol):
    """Answers from `names` (name to addresses), with `codes` for failures; names in `silent` get no answer.

    `is_mute`: none does. `is_failing`: it fails for all of them. `delay`: seconds until an answer is sent. `ttl`:
    seconds for which whoever asked may keep it.
    """

    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    is_mute: bool = False
    is_failing: bool = False
    delay: float = 0
    ttl: int = 60
    port: int = 0
    asked: list[tuple[str, int]] = field(default_factory=list)
    _transport: asyncio.DatagramTransport | None = None

    @property
    def place(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is bound."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += data[at] + 1
        name, question = ".".join(labels).lower(), data[12 : at + 5]
        (kind,) = struct.unpack(">H", data[at + 1 : at + 3])
        self.asked.append((name, kind))
        if self.is_mute or name in self.silent or self._transport is None:
            return
        answers = b"".join(self._records(name, kind))
        code = SERVER_FAILURE if self.is_failing else self.codes.get(name, 0 if name in self.names else NO_SUCH_NAME)
        flags, count = 0x8180 | code, answers.count(b"\xc0\x0c")
        said = data[:2] + struct.pack(">5H", flags, 1, count, 0, 0) + question + answers
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self._transport.sendto, said, addr)
        else:
            self._transport.sendto(said, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed."""

    def _records(self, name: str, kind: int) -> list[bytes]:
        addresses = [ipaddress.ip_address(text) for text in self.names.get(name, ())]
        return [
            b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, self.ttl, len(address.packed)) + address.packed
            for address in addresses
            if address.version == _VERSIONS.get(kind)
        ]


@contextlib.asynccontextmanager
async def answering(server: DnsServer) -> AsyncIterator[DnsServer]:
    """Run the server."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: server, local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()
