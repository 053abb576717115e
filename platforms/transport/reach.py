"""The way to a server that every exchange begins with: look the name up, connect; each phase timed.

One look-up, one address, one connection: see `platforms.transport.resolver` for which.
"""

from dataclasses import dataclass
from typing import Final

from glasswatch.clock import Clock
from platforms.addresses import is_forbidden
from platforms.errors import FaultKind, TransportFault
from platforms.transport.resolver import Address, Ip, Resolver, numeric
from platforms.transport.stopwatch import Phase, Stopwatch
from platforms.transport.tls import TlsContexts
from platforms.transport.trace import Trace
from platforms.transport.wire import Wire, dial

LOCAL: Final = "a redirect leads to an address of this machine's own"


@dataclass(frozen=True, slots=True)
class Network:
    """What all exchanges share. `trace`: where somebody wants to know what is said and heard, notes of it."""

    clock: Clock
    resolver: Resolver
    tls: TlsContexts
    trace: Trace | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where to connect to: a name or a numeric host (IPv6 without brackets), a port, and which address of a name.

    `is_led`: not we chose it but a server.
    """

    host: str
    port: int
    ip: Ip = Ip.PREFER_4
    is_led: bool = False


async def reach(network: Network, place: Place, watch: Stopwatch, limit: int) -> Wire:
    """Connect; at most `limit` bytes will be taken. The caller must `abort` the wire in the end.

    Raises:
        TransportFault: RESOLVE, REFUSED, UNREACHABLE, LOST, OWN; REDIRECT: nobody may be led there.
    """
    address = await addressed(network, place, watch)
    contact = (
        None
        if network.trace is None
        else network.trace.contact(_joined(place.host, place.port), _joined(address.host, address.port))
    )
    watch.enter(Phase.CONNECT)
    return await dial(address, limit, contact)


async def addressed(network: Network, place: Place, watch: Stopwatch) -> Address:
    """Return the address of a place.

    Raises:
        TransportFault: RESOLVE, OWN; REDIRECT: nobody may be led there.
    """
    address = numeric(place.host, place.port)
    if address is None:
        watch.enter(Phase.RESOLVE)
        address = await network.resolver.resolve(place.host, place.port, place.ip)
    if place.is_led and is_forbidden(address.host):
        raise TransportFault(FaultKind.REDIRECT, LOCAL)
    return address


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
