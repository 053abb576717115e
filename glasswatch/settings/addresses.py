"""Addresses that a credential is sent to: encrypted, unless they are on this machine."""

import ipaddress
from urllib.parse import urlsplit

from glasswatch.settings.shape import expected
from glasswatch.settings.shapes import AddressShape


class SafeAddressShape(AddressShape):
    """An https address, or http on loopback."""

    def __init__(self) -> None:
        super().__init__("https", "http")
        self.expected = "an https address (or http on loopback)"

    def read(self, value: object) -> str:
        """Return the address as it was written."""
        address = super().read(value)
        parts = urlsplit(address)
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise expected("an https address: plain http is for loopback only")
        return address


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
