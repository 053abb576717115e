"""The DNS servers that this machine asks, as resolv.conf(5) has them: at most three, in order.

One whose address holds a zone (`fe80::1%eth0`) is passed over.
"""

from pathlib import Path
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.transport.resolver import numeric

RESOLV_CONF: Final = Path("/etc/resolv.conf")
_MOST: Final = 3  # MAXNS


def nameservers(path: Path = RESOLV_CONF) -> tuple[str, ...]:
    """Return their numeric hosts.

    Raises:
        TransportFault: OWN: there are none, or the file can't be read.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise TransportFault(FaultKind.OWN, f"resolv.conf can't be read: {error.strerror}") from error
    fields = (line.split() for line in lines)
    hosts = [words[1] for words in fields if words[:1] == ["nameserver"] and len(words) > 1]
    found = tuple(host for host in hosts if numeric(host, 0) is not None)[:_MOST]
    if not found:
        raise TransportFault(FaultKind.OWN, "this machine has no DNS server to ask: resolv.conf names none")
    return found
