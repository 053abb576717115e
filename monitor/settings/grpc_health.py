"""Settings of the `grpc_health` probe: one question to a server's health service."""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from glasswatch.secrets import SecretReference
from glasswatch.settings.duration import DurationShape
from glasswatch.settings.headers import FRAMING, OF_CONNECTION, HeaderValue, sent
from glasswatch.settings.model import Finding, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import KEY
from glasswatch.settings.shapes import OneOf, TextShape
from glasswatch.settings.tls import IdentifiedTlsSettings
from monitor.settings.places import Host, Port, is_loopback, needs_a_name
from monitor.settings.probe import ProbeSettings
from monitor.settings.warn import WarnSettings, too_late
from platforms.transport.resolver import Ip

_OURS: Final = FRAMING | OF_CONNECTION | {"content-type"}
_RESERVED: Final = "grpc-"
_HIGHEST_PORT: Final = 65535

MetadataName = Annotated[str, TextShape("a key of metadata: a-z, 0-9, _, - and .", r"[0-9a-z_.-]{1,128}")]


class GrpcHealthProbeSettings(ProbeSettings):
    """One question to gRPC's health service, over HTTP/2."""

    type: Literal["grpc_health"] = "grpc_health"
    """What kind of probe it is."""
    interval: Annotated[timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(days=1))] = (
        timedelta(seconds=15)
    )
    """How often it runs."""
    host: Host
    """Host to connect to."""
    port: Port
    """Port to connect to."""
    ip: Annotated[Ip, OneOf(Ip)] = Ip.PREFER_4
    """Which of a name's addresses is tried."""
    service: Annotated[str, TextShape("a service's name of printable ASCII", r"[\x21-\x7e]{1,255}")] | None = None
    """Service to ask for, such as `payments.v1.Access`. Left out: the server as a whole."""
    tls: IdentifiedTlsSettings | None = None
    """TLS, with how the server is verified and as whom we are known to it. `{}` takes the defaults; left out: none."""
    authority: (
        Annotated[str, TextShape("a host, with a port or without", r"[A-Za-z0-9_.-]{1,253}(?::[0-9]{1,5})?")] | None
    ) = None
    """Name of the server that the call is for, where it isn't host and port."""
    metadata: Annotated[Mapping[MetadataName, HeaderValue], Words("a mapping from keys to values")] = Field(
        default_factory=dict, repr=False
    )
    """Metadata to send. Credentials are references to secrets: `authorization: {env: GRPC_TOKEN}`."""
    warn: WarnSettings = WarnSettings()
    """What leaves it good, but marks it."""

    @finding("metadata")
    def metadata_is_ours_to_set(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What frames a call is made by the probe; credentials are never written down."""
        yield from sent("metadata", self.metadata, _OURS, "the probe itself")
        for name in self.metadata:
            if name.startswith(_RESERVED):
                yield ("metadata", name, KEY), "is gRPC's own: expected another key"

    @finding("metadata")
    def binary_values_are_base64(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A key that ends in -bin carries bytes."""
        for name, value in self.metadata.items():
            if name.endswith("-bin") and isinstance(value, str) and not _is_base64(value):
                yield ("metadata", name), "expected base64: that is how a key that ends in -bin carries bytes"

    @finding("authority")
    def authority_has_a_port(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A port is one that exists."""
        port = (self.authority or "").partition(":")[2]
        if port and not 0 < int(port) <= _HIGHEST_PORT:
            yield ("authority",), f"expected a port from 1 to {_HIGHEST_PORT}"

    @finding("host", "tls", "metadata")
    def secrets_travel_safely(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A secret is sent to a server that has proved who it is."""
        if self.tls is None and not is_loopback(self.host):
            for name, value in self.metadata.items():
                if isinstance(value, SecretReference):
                    yield ("metadata", name), "expected tls with it: in clear everybody on the way could read it"

    @finding("host")
    def ip_needs_a_name(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A numeric host leaves nothing to choose."""
        return needs_a_name(self.host, given)

    @finding("tls", "warn")
    def expiry_needs_tls(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What only makes sense with TLS is refused where it can never take effect."""
        if self.warn.tls_days_left is not None and self.tls is None:
            yield ("warn", "tls_days_left"), "expected tls, or no warning about a certificate"

    @finding("timeout", "warn")
    def warning_comes_in_time(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A warning about slowness can happen before the timeout."""
        return too_late(self.warn.duration, self.timeout)


def _is_base64(text: str) -> bool:
    """Return whether it is base64, padded or not, or several pieces of it."""
    try:
        for each in text.split(","):
            piece = each.strip().rstrip("=")
            b64decode(piece + "=" * (-len(piece) % 4), validate=True)
    except ValueError:
        return False
    return True
