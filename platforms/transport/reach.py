"""The way to a server that every exchange begins with: look the name up, connect; each phase timed.

One look-up, one address, one connection: see `platforms.transport.resolver` for which.

Where the DNS servers that this machine asks do not say whether a name has an address, nobody but a witness can tell
whose fault that is: somebody who looks up names of others at that moment. Where there is none it is our own fault, and
so is a deadline that passes meanwhile.
"""

from dataclasses import dataclass
from typing import Final

from glasswatch.clock import Clock
from platforms.addresses import is_forbidden
from platforms.errors import FaultKind, TransportFault, Unanswered
from platforms.transport.dead_end import DeadEnd, meet, stand_in
from platforms.transport.resolver import Address, Ip, Resolver, numeric
from platforms.transport.stopwatch import Phase, Stopwatch
from platforms.transport.tls import TlsContexts
from platforms.transport.trace import Contact, Trace
from platforms.transport.wire import Wire, dial

OWN_DNS: Final = "this machine's DNS servers"
LOCAL: Final = "a redirect leads to an address of this machine's own"


@dataclass(frozen=True, slots=True)
class Network:
    """What all exchanges share.

    `trace`: where somebody wants to know what is said and heard, notes of it. `has_witness`: whether somebody is asked,
    before a failed look-up is believed, whether names resolve here at all. `dead_end`: it leads nowhere.
    """

    clock: Clock
    resolver: Resolver
    tls: TlsContexts
    trace: Trace | None = None
    has_witness: bool = False
    dead_end: DeadEnd | None = None


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
    contact = noted(network, place, address)
    watch.enter(Phase.CONNECT)
    if network.dead_end is not None:
        await meet(network.dead_end)
    return await dial(address, limit, contact)


def noted(network: Network, place: Place, address: Address) -> Contact | None:
    """Note that an address is tried, where somebody wants to know."""
    if network.trace is None:
        return None
    return network.trace.contact(_joined(place.host, place.port), _joined(address.host, address.port))


async def addressed(network: Network, place: Place, watch: Stopwatch) -> Address:
    """Return the address of a place.

    Raises:
        TransportFault: RESOLVE, OWN; REDIRECT: nobody may be led there.
    """
    address = numeric(place.host, place.port)
    if address is None:
        watch.enter(Phase.RESOLVE)
        address = await _looked_up(network, place, watch)
    if place.is_led and is_forbidden(address.host):
        raise TransportFault(FaultKind.REDIRECT, LOCAL)
    return address


async def _looked_up(network: Network, place: Place, watch: Stopwatch) -> Address:
    if network.dead_end is not None:
        return stand_in(place.port)
    if network.has_witness:
        return await network.resolver.resolve(place.host, place.port, place.ip)
    before = watch.ours if watch.ours != OWN_DNS else None  # left by a deadline that passed
    watch.ours = before or OWN_DNS
    try:
        address = await network.resolver.resolve(place.host, place.port, place.ip)
    except Unanswered as fault:
        watch.ours = before
        raise TransportFault(FaultKind.OWN, f"{fault}, and no control can tell whose fault that is") from fault
    except TransportFault:
        watch.ours = before
        raise
    watch.ours = before
    return address


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
