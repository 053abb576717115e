"""From which address a request comes, where proxies stand in between.

1. Without declared proxies it is the connection's own address; what a request says about it is not looked at.
2. With them only they are answered at all. Each proxy adds at the end of `X-Forwarded-For` where its request came
   from, so that list is read from its end: the first entry that is no declared proxy is the client. What stands before
   it anybody can have written.
3. An entry that is no address ends the search: then the proxy that wrote it is all that is known.
4. An IPv4 address that arrived on an IPv6 socket is the IPv4 address.
"""

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MOST_ENTRIES: Final = 32
"""How far back the list is read; a request passes fewer proxies."""


def address_of(text: str) -> Address | None:
    """Return the address that is written here; None if it is none."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_within(address: Address | None, networks: Sequence[Network]) -> bool:
    """Return whether the address lies in one of the networks."""
    return address is not None and any(address in network for network in networks)


def client(peer: str, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """Return where a request comes from, given the connection's address and the `X-Forwarded-For` headers."""
    known = address_of(peer)
    if not is_within(known, proxies):
        return str(known or "")
    entries = [entry for header in forwarded for entry in header.split(",")]
    for entry in reversed(entries[-MOST_ENTRIES:]):
        address = address_of(_without_port(entry.strip()))
        if address is None:
            break
        known = address
        if not is_within(address, proxies):
            break
    return str(known)


def _without_port(entry: str) -> str:
    """Some proxies add the port: `192.0.2.1:4711` or `[2001:db8::1]:4711`."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    host, colon, _ = entry.partition(":")
    return host if colon and entry.count(":") == 1 else entry
