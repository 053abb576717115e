"""Where a server is: a host and a port, apart or together."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from glasswatch.settings.model import Finding
from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import WholeNumber, is_host
from platforms.transport.resolver import numeric


class HostShape(Shape):
    """A DNS name, or an IP address without brackets."""

    expected = "a host: a DNS name or an IP address, without a port"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": r"^[A-Za-z0-9_.:-]{1,253}$"}

    def read(self, value: object) -> str:
        """Return the host."""
        if not isinstance(value, str) or not is_host(value):
            raise self.wrong()
        return str(value)


Host = Annotated[str, HostShape()]
Port = Annotated[int, WholeNumber(1, 65535)]


def is_loopback(host: str) -> bool:
    """Return whether what is sent there stays on this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def needs_a_name(host: str, given: Mapping[str, object]) -> Iterable[Finding]:
    """Find a choice of addresses where there is only one."""
    if "ip" in given and numeric(host, 0) is not None:
        yield ("ip",), "expected a host that is a name, or no choice of addresses"
