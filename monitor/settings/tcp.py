"""Settings of the `tcp` probe: where to connect, how to go over to TLS, and what is said then."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

import re2
from pydantic import Field

from glasswatch.secrets import SecretReference
from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import Shape, expected
from glasswatch.settings.shapes import OneOf, Pattern, WholeNumber
from glasswatch.settings.tls import IdentifiedTlsSettings
from monitor.rules.sending import flaw, names_in
from monitor.settings.places import Host, Port, is_loopback, needs_a_name
from monitor.settings.probe import ProbeSettings
from monitor.settings.warn import WarnSettings, too_late
from platforms.settings.steps import ValueName
from platforms.transport.resolver import Ip
from platforms.transport.starttls import StartTls

_LONGEST_TEXT = 4096
_MOST_STEPS = 50


class SendShape(Shape):
    r"""Text with escapes, in which `${name}` stands for a secret."""

    expected = (
        rf"text of at most {_LONGEST_TEXT} characters, in which \r, \n, \t, \0, \xHH and \\ are escapes "
        "and ${name} stands for a secret"
    )
    json: ClassVar[Mapping[str, object]] = {"type": "string", "minLength": 1, "maxLength": _LONGEST_TEXT}

    def read(self, value: object) -> str:
        """Return the text as it was written."""
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT:
            raise self.wrong()
        found = flaw(value)
        if found is not None:
            raise expected(f"{self.expected}; {found}")
        return str(value)


class TurnSettings(SettingsModel):
    """One step: what is sent, and what must be said."""

    expected: ClassVar[str] = "a mapping with send, expect or both"

    send: Annotated[str, SendShape()] | None = Field(default=None, repr=False)
    r"""Text to send, such as `QUIT\r\n`; `${name}` stands for a secret."""
    expect: Pattern | None = None
    """Pattern that must be found in what the server says, as bytes; what it ends with ends the step."""
    refused: Pattern | None = None
    """Pattern of an answer that refuses our credential, which then is not measured."""

    @finding("send", "expect", "refused")
    def does_something(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A step does something, and waits for an answer that it judges."""
        if self.send is None and self.expect is None:
            yield (), f"expected {self.expected}"
        elif self.refused is not None and self.expect is None:
            yield ("expect",), "is required: expected a pattern beside that of a refusal"
        elif self.refused is not None and self.expect is not None and re2.search(self.expect, "") is not None:
            yield ("expect",), "expected a pattern that not even nothing matches: a refusal would never be seen"
        if self.send is not None and names_in(self.send) and self.refused is None:
            yield ("refused",), "is required: expected the pattern of an answer that refuses the secret that is sent"


class TcpProbeSettings(ProbeSettings):
    """One TCP connection."""

    type: Literal["tcp"] = "tcp"
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
    tls: IdentifiedTlsSettings | None = None
    """TLS, from the first byte on or after `starttls`, with how the server is verified. `{}` takes the defaults."""
    starttls: Annotated[StartTls, OneOf(StartTls)] | None = None
    """Protocol in which TLS is asked for first. Every server must then agree to it."""
    steps: Annotated[
        tuple[TurnSettings, ...], Field(max_length=_MOST_STEPS), Words(f"a list of at most {_MOST_STEPS} steps")
    ] = ()
    """What is said to and fro, in order. Without any, connecting is enough."""
    secrets: Annotated[Mapping[ValueName, SecretReference], Words("a mapping from names to references to secrets")] = (
        Field(default_factory=dict)
    )
    """Our own credentials, by the names under which steps send them."""
    warn: WarnSettings = WarnSettings()
    """What leaves it good, but marks it."""
    max_answer: Annotated[int, WholeNumber(1, 65536)] = 16384
    """Most bytes that a step reads before its pattern is found; more is bad."""

    @property
    def has_tls(self) -> bool:
        """Whether it goes over to TLS."""
        return self.tls is not None or self.starttls is not None

    @finding("steps", "secrets")
    def secrets_are_there(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Every secret that is sent is named."""
        for index, step in enumerate(self.steps):
            if step.send is not None and not names_in(step.send) <= self.secrets.keys():
                yield ("steps", index, "send"), "expected only names that secrets holds: ${name} stands for one of them"

    @finding("host", "tls", "starttls", "secrets")
    def secrets_travel_safely(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A secret is sent to a server that has proved who it is."""
        if self.secrets and not self.has_tls and not is_loopback(self.host):
            yield ("secrets",), "expected tls or starttls with it: in clear everybody on the way could read it"

    @finding("host")
    def ip_needs_a_name(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A numeric host leaves nothing to choose."""
        return needs_a_name(self.host, given)

    @finding("tls", "starttls", "warn")
    def expiry_needs_tls(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What only makes sense with TLS is refused where it can never take effect."""
        if self.warn.tls_days_left is not None and not self.has_tls:
            yield ("warn", "tls_days_left"), "expected tls or starttls, or no warning about a certificate"

    @finding("timeout", "warn")
    def warning_comes_in_time(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A warning about slowness can happen before the timeout."""
        return too_late(self.warn.duration, self.timeout)
