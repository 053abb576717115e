"""Addresses that nobody is led to: those that serve only the machine they are asked from.

Link-local and metadata addresses, however they are written or reached: 169.254.0.0/16, fe80::/10, fd00:ec2::254,
fd20:ce::254, 100.100.100.200, 192.0.0.192, 168.63.129.16, and IPv6 forms that carry one of them (mapped, compatible,
6to4, NAT64 with its own prefix and the local one). IPv4 in the forms of C counts too (`2852039166`, `0xa9.0xfe.1`):
a proxy may read it so.
"""

import ipaddress
import socket
from typing import Final

_LOCAL4: Final = ipaddress.ip_network("169.254.0.0/16")
_LOCAL6: Final = ipaddress.ip_network("fe80::/10")
_METADATA: Final = frozenset(
    ipaddress.ip_address(each)
    for each in ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.ip_network("::/96")
_LOCAL_NAT64: Final = ipaddress.ip_network("64:ff9b:1::/48")  # RFC 8215
# Which bytes hold the IPv4 address, by the prefix's length: 48, 56, 64, 96 (RFC 6052, 2.2).
_EMBEDDED: Final = ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), (12, 13, 14, 15))
_LAST_32: Final = 0xFFFFFFFF


def is_forbidden(host: str) -> bool:
    """Return whether a numeric host (IPv6 without brackets) is one that nobody is led to; a name is none."""
    address = _read(host.partition("%")[0].rstrip("."))
    return address is not None and any(_is_forbidden(each) for each in _meanings(address))


def _read(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _is_forbidden(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address in _METADATA or address in (_LOCAL4 if address.version == 4 else _LOCAL6)  # noqa: PLR2004 - IPv4


def _meanings(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Return the address and every IPv4 address that it carries."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    carried = [address.ipv4_mapped, address.sixtofour]
    if address in _NAT64 or address in _COMPATIBLE:
        carried.append(ipaddress.IPv4Address(int(address) & _LAST_32))
    if address in _LOCAL_NAT64:
        carried += [ipaddress.IPv4Address(bytes(address.packed[each] for each in places)) for places in _EMBEDDED]
    return [address, *(each for each in carried if each is not None)]
