"""Where a journey may go: to its own origin, and never to an address that serves only the machine it runs on.

Rules:
- A link that a server hands us (a Location, a captured address) is resolved against the journey's origin and must stay
  on it: same scheme, host and port, no user, no password. All that is taken from it is path and query.
- Link-local and metadata addresses are refused for every request (`platforms.addresses`).
- A link is data from a server: no message repeats it.
"""

import re
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.http import URL, InvalidURL

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
