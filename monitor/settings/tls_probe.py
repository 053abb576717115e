"""Settings of the `tls` probe: whose certificates are looked at, how TLS is begun, and how long they must last."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shapes import OneOf, WholeNumber
from glasswatch.settings.tls import IdentifiedTlsSettings
from monitor.settings.places import Host, Port, needs_a_name
from monitor.settings.probe import ProbeSettings
from monitor.settings.warn import WarnSettings, too_late
from platforms.transport.resolver import Ip
from platforms.transport.starttls import StartTls


class TlsExpectSettings(SettingsModel):
    """What decides between good and bad, beside a handshake that holds."""

    expected: ClassVar[str] = "a mapping with days_left"

    days_left: Annotated[int, WholeNumber(1, 3650)] | None = None
    """Days that every certificate of the chain must last."""


class TlsProbeSettings(ProbeSettings):
    """One TLS handshake."""

    type: Literal["tls"] = "tls"
    """What kind of probe it is."""
    interval: Annotated[timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(days=1))] = (
        timedelta(hours=1)
    )
    """How often it runs."""
    host: Host
    """Host to connect to."""
    port: Port = 443
    """Port to connect to."""
    ip: Annotated[Ip, OneOf(Ip)] = Ip.PREFER_4
    """Which of a name's addresses is tried."""
    tls: IdentifiedTlsSettings = IdentifiedTlsSettings()
    """How the server is verified, and as whom we are known to it."""
    starttls: Annotated[StartTls, OneOf(StartTls)] | None = None
    """Protocol in which TLS is asked for first."""
    expect: TlsExpectSettings = TlsExpectSettings()
    """What decides between good and bad, beside a handshake that holds."""
    warn: WarnSettings = WarnSettings()
    """What leaves it good, but marks it."""

    @finding("host")
    def ip_needs_a_name(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A numeric host leaves nothing to choose."""
        return needs_a_name(self.host, given)

    @finding("starttls")
    def starttls_needs_its_port(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What begins in clear has a port of its own."""
        if self.starttls is not None and "port" not in given:
            yield ("port",), "is required: expected the port of the protocol that starttls names"

    @finding("expect", "warn")
    def warning_comes_before_the_end(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A warning about an end can happen before it is bad."""
        days, warned = self.expect.days_left, self.warn.tls_days_left
        if days is not None and warned is not None and warned <= days:
            yield ("warn", "tls_days_left"), "expected more than expect.days_left"

    @finding("timeout", "warn")
    def warning_comes_in_time(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A warning about slowness can happen before the timeout."""
        return too_late(self.warn.duration, self.timeout)
