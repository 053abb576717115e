"""A connection as probes of sockets want it: connected, and where asked for gone over to TLS.

Rules:
- Authorities that can't be read are our own fault, whatever the server does: they are read before connecting.
- Between the yes to STARTTLS and TLS nothing may be said in clear.
- In TLS 1.3 a server takes our side of the handshake, a client certificate above all, only after the handshake is over
  for us. Who says nothing inside TLS listens first: an alert is a failure, and so is a server that closes or resets,
  for nobody would be served by it. `QUIET_SECONDS` of silence, or three times the handshake's, are good.
- Then it says goodbye, and listens what becomes of that for `PARTING_SECONDS` at most: only an alert is a failure
  still, since a server may end a connection as it likes that was ended already.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from ssl import SSLContext
from typing import Final

from platforms.errors import FaultKind, TransportFault, Unwelcomed
from platforms.transport.reach import Network, Place, reach
from platforms.transport.starttls import StartTls, turns_of
from platforms.transport.stopwatch import Phase, Stopwatch
from platforms.transport.tls import Identity, TlsOptions
from platforms.transport.turns import MOST_BYTES, Dialogue
from platforms.transport.wire import Wire

QUIET_SECONDS: Final = 0.25
PARTING_SECONDS: Final = 1.0
_HANDSHAKES: Final = 3
# Certificates, and the turns before TLS.
_WIRE_SPARE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Securing:
    """How a connection goes over to TLS: who the other side must be, and after which words in clear."""

    options: TlsOptions
    server_name: str
    starttls: StartTls | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a server is talked to. `securing`: None in clear; `most_bytes` is all it may say."""

    place: Place
    securing: Securing | None
    most_bytes: int = MOST_BYTES


async def opened(network: Network, terms: Terms, watch: Stopwatch, identity: Identity | None = None) -> Wire:
    """Connect, and secure the connection where that is asked for. The caller must `abort` the wire in the end.

    `identity`: the client certificate to show.

    Raises:
        TransportFault: RESOLVE, REFUSED, UNREACHABLE, LOST, TLS, ANSWER, TOO_LARGE, OWN.
    """
    securing = terms.securing
    context = network.tls.get(securing.options, identity) if securing is not None else None
    wire = await reached(network, terms, watch)
    try:
        if securing is not None and context is not None:
            await _secure(wire, context, securing, watch)
    except BaseException:
        wire.abort()
        raise
    return wire


async def reached(network: Network, terms: Terms, watch: Stopwatch) -> Wire:
    """Connect, and go as far as the words in clear lead: what comes next is TLS. The caller must `abort` the wire.

    Raises:
        TransportFault: RESOLVE, REFUSED, UNREACHABLE, LOST, ANSWER, TOO_LARGE, OWN.
    """
    wire = await reach(network, terms.place, watch, terms.most_bytes + _WIRE_SPARE)
    try:
        if terms.securing is not None and terms.securing.starttls is not None:
            await _agree(wire, terms.securing.starttls, watch)
        watch.stop()
    except BaseException:
        wire.abort()
        raise
    return wire


async def part(wire: Wire, watch: Stopwatch, left_seconds: float) -> None:
    """Hear whether the server minds our handshake, and say goodbye inside TLS; in half of the time that is left.

    The watch ends before: none of this is the server's time.

    Raises:
        TransportFault: TLS; LOST: it broke off.
    """
    if not wire.is_secured:
        return
    window = min(max(QUIET_SECONDS, _HANDSHAKES * watch.phases().get(Phase.TLS, 0.0)), left_seconds / 4)
    watch.finish()
    with suppress(TimeoutError):
        async with asyncio.timeout(window):
            await _listened(wire)
            return  # whoever says something took the handshake
    if wire.is_ended:
        raise Unwelcomed("the connection was closed right after the TLS handshake")
    await _parted(wire, min(PARTING_SECONDS, left_seconds / 4))


async def _listened(wire: Wire) -> None:
    try:
        await wire.receive(_Listening())
    except Unwelcomed:
        raise
    except TransportFault as fault:
        if fault.kind is not FaultKind.LOST:
            raise
        raise Unwelcomed("the connection was reset right after the TLS handshake") from fault


async def _parted(wire: Wire, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            if not wire.part():
                await wire.receive(_Parting())
    except TimeoutError:
        return
    except TransportFault as fault:
        if fault.kind is FaultKind.TLS:
            raise


async def _agree(wire: Wire, protocol: StartTls, watch: Stopwatch) -> None:
    dialogue = Dialogue(wire, watch)
    for turn in turns_of(protocol, wire.local_host):
        await dialogue.take(turn)
    if dialogue.said:
        raise TransportFault(FaultKind.ANSWER, "the server says more in clear after it agreed to TLS")


async def _secure(wire: Wire, context: SSLContext, securing: Securing, watch: Stopwatch) -> None:
    watch.enter(Phase.TLS)
    await wire.secure(context, securing.server_name)
    watch.stop()


class _Listening:
    """`Receiver` of what follows a handshake."""

    def feed(self, _data: bytes) -> bool:
        """It was taken."""
        return True

    def eof(self) -> None:
        """It was not."""
        raise Unwelcomed("the connection was closed right after the TLS handshake")


class _Parting:
    """`Receiver` of what follows a goodbye."""

    def feed(self, _data: bytes) -> bool:
        """Whoever talks on inside TLS took the handshake."""
        return True

    def eof(self) -> None:
        """So did who closes."""
