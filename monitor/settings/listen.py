"""Where the monitor serves its pages: on this machine only, until there are tokens."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from glasswatch.settings.shape import Shape, sentence

_HIGHEST_PORT: Final = 65535
_LONGEST_PORT: Final = 5


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Host (without brackets) and port; port 0 takes any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class ListenShape(Shape):
    """`HOST:PORT` on this machine."""

    expected = "HOST:PORT such as 127.0.0.1:9780"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": "^.+:[0-9]{1,5}$"}

    def read(self, value: object) -> ListenAddress:
        """Return the address to listen on."""
        if isinstance(value, ListenAddress):
            return value
        if not isinstance(value, str):
            raise self.wrong()
        host, colon, port = value.rpartition(":")
        is_bracketed = host.startswith("[") and host.endswith("]")
        if not (colon and host and _is_port(port)) or is_bracketed != (":" in host):
            raise self.wrong()
        host = host[1:-1] if is_bracketed else host
        if not _is_loopback(host):
            raise sentence(
                "expected a loopback address (127.0.0.1, [::1] or localhost): serving beyond loopback needs tokens"
            )
        return ListenAddress(str(host), int(port))


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_PORT and int(text) <= _HIGHEST_PORT


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Listen = Annotated[ListenAddress, ListenShape()]
