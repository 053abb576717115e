"""A connection as probes of sockets want it: connected, and where asked for gone over to TLS.

Rules:
- Authorities that can't be read are our own fault, whatever the server does: they are read before connecting.
- Between the yes to STARTTLS and TLS nothing may be said in clear.
- In TLS 1.3 a server takes our side of the handshake, a client certificate above all, only after the handshake is over
  for us. Who says nothing inside TLS says goodbye, and listens what becomes of it: an alert is a failure. Anything else
  is not, silence included, which is waited out for `PARTING_SECONDS` at most.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ssl import SSLContext
from typing import Final

from platforms.errors import CertificateAsked, FaultKind, TransportFault
from platforms.transport.reach import Network, Place, reach
from platforms.transport.starttls import StartTls, turns_of
from platforms.transport.stopwatch import Phase, Stopwatch
from platforms.transport.tls import Identity, TlsOptions
from platforms.transport.turns import MOST_BYTES, Dialogue
from platforms.transport.wire import Wire

PARTING_SECONDS: Final = 1.0
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


async def part(wire: Wire, left_seconds: float) -> None:
    """Say goodbye inside TLS, and hear whether the server minds our handshake; in half of the time that is left.

    Raises:
        TransportFault: TLS.
    """
    try:
        async with asyncio.timeout(min(PARTING_SECONDS, left_seconds / 2)):
            if not wire.part():
                await wire.receive(_Parting())
    except TimeoutError:
        return
    except TransportFault as fault:
        if fault.kind is FaultKind.TLS:
            raise


@contextmanager
def shown(identity: Identity | None) -> Iterator[None]:
    """Where a client certificate was shown, a server that asks for another one refuses ours."""
    try:
        yield
    except CertificateAsked as fault:
        if identity is None:
            raise
        raise TransportFault(FaultKind.CREDENTIAL, str(fault)) from fault


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


class _Parting:
    """`Receiver` of what follows a goodbye."""

    def feed(self, _data: bytes) -> bool:
        """Whoever talks on inside TLS took the handshake."""
        return True

    def eof(self) -> None:
        """So did who closes."""
