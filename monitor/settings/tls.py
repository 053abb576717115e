"""How the other side of a TLS connection is verified. There is no way to turn verification off."""

from typing import Annotated, ClassVar

from glasswatch.settings.model import SettingsModel
from glasswatch.settings.shapes import OneOf, RelativePath, TextShape

_HOST_PATTERN = r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))*"


class TrustSettings(SettingsModel):
    """Whom to trust."""

    expected: ClassVar[str] = "a mapping with ca_file"

    ca_file: RelativePath | None = None
    """PEM file with the authorities to trust, in place of the system's."""


class TlsSettings(TrustSettings):
    """Whom to trust, and as whom."""

    expected: ClassVar[str] = "a mapping with ca_file, server_name and min_version"

    server_name: Annotated[str, TextShape("a host name", _HOST_PATTERN)] | None = None
    """Name to ask for and to verify, where it isn't the address's own."""
    min_version: Annotated[str, OneOf(("1.2", "1.3"))] = "1.2"
    """Oldest TLS version that is spoken."""
