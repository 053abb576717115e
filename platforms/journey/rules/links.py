"""Where a journey may go: to its own origin, and never to an address that serves only the machine it runs on.

Rules:
- A link that a server hands us (a Location, a captured address) is resolved against the journey's origin and must stay
  on it: same scheme, host and port, no user, no password. All that is taken from it is path and query.
- Link-local and metadata addresses are refused for every request, however they are written or reached: 169.254.0.0/16,
  fe80::/10, fd00:ec2::254, 100.100.100.200, and IPv6 forms that carry one of them (mapped, compatible, 6to4, NAT64).
- A link is data from a server: no message repeats it.
"""

import ipaddress
import re
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.http import URL, InvalidURL

_LOCAL4: Final = ipaddress.ip_network("169.254.0.0/16")
_LOCAL6: Final = ipaddress.ip_network("fe80::/10")
_METADATA: Final = frozenset({ipaddress.ip_address("fd00:ec2::254"), ipaddress.ip_address("100.100.100.200")})
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ipaddress.ip_network("::/96")
_LAST_32: Final = 0xFFFFFFFF
# Browsers read a backslash as a slash, other programs don't: two readings of one link are one too many.
_ODD: Final = re.compile(r"[\x00-\x20\x7f\\]")
_LONGEST_LINK: Final = 8 * 1024


def target_of(link: str, origin: str) -> str:
    """Return path and query of a link.

    Raises:
        TransportFault: REDIRECT: it leads elsewhere, or is no address.
    """
    if not link or len(link) > _LONGEST_LINK or _ODD.search(link):
        raise TransportFault(FaultKind.REDIRECT, "a link from the server is no address")
    home = URL(origin)
    try:
        url = home.join(link)
    except (InvalidURL, ValueError) as error:
        raise TransportFault(FaultKind.REDIRECT, "a link from the server is no address") from error
    if (url.scheme, url.raw_host, url.port) != (home.scheme, home.raw_host, home.port) or url.userinfo:
        raise TransportFault(FaultKind.REDIRECT, "a link from the server leads to another origin")
    target = url.raw_path.decode("ascii")
    # What is left of a path like //host would be a host to a server or proxy that joins it again.
    if target.startswith("//"):
        raise TransportFault(FaultKind.REDIRECT, "a link from the server leads to another origin")
    return target


def is_forbidden(host: str) -> bool:
    """Return whether a numeric host (IPv6 without brackets) is one that no journey may reach; a name is none."""
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
