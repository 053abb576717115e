"""Addresses that nobody is led to: those that serve only the machine they are asked from.

Link-local and metadata addresses, however they are written or reached: 169.254.0.0/16, fe80::/10, fd00:ec2::254,
100.100.100.200, and IPv6 forms that carry one of them (mapped, compatible, 6to4, NAT64).
"""

import ipaddress
from typing import Final

_LOCAL4: Final = ipaddress.ip_network("169.254.0.0/16")
_LOCAL6: Final = ipaddress.ip_network("fe80::/10")
_METADATA: Final = frozenset({ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")})
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.ip_network("::/96")
_LAST_32: Final = 0xFFFFFFFF


def is_forbidden(host: str) -> bool:
    """Return whether a numeric host (IPv6 without brackets) is one that nobody is led to; a name is none."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return any(_is_forbidden(each) for each in _meanings(address))


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
    return [address, *(each for each in carried if each is not None)]
