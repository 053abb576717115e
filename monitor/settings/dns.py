"""Settings of the `dns` probe: what is asked, whom, and what must be answered."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import OneOf, Pattern, Switch, TextShape, is_host
from monitor.settings.probe import ProbeSettings
from monitor.settings.warn import too_late
from platforms.transport.questions import record_of
from platforms.transport.reach import Place
from platforms.transport.resolver import numeric

_PORT: Final = 53
_HIGHEST_PORT: Final = 65535
KINDS: Final = (
    *("A", "AAAA", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR"),
    *("SOA", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"),
)
RCODES: Final = ("NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR", "NOTIMP")


class KindShape(OneOf):
    """A type of record. All of them are named: nobody finds the list elsewhere."""

    def read(self, value: object) -> str:
        """Return the type."""
        if not isinstance(value, str) or value not in self.choices:
            raise self.wrong()
        return str(value)


class NameShape(Shape):
    """The name of a DNS record."""

    expected = "a DNS name such as portal.example.com (for PTR the reversed one, such as 7.2.0.192.in-addr.arpa)"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": r"^[A-Za-z0-9_.-]{1,254}$"}

    def read(self, value: object) -> str:
        """Return the name."""
        if not isinstance(value, str) or (value != "." and not is_host(value)) or numeric(value, 0) is not None:
            raise self.wrong()
        return str(value)


class ResolverShape(Shape):
    """A host with or without a port; an IPv6 address with a port is in brackets."""

    expected = "HOST or HOST:PORT such as 192.0.2.53, [2001:db8::53]:53 or ns1.example.com:5353"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": r"^[A-Za-z0-9_.:\[\]-]{1,261}$"}

    def read(self, value: object) -> str:
        """Return the resolver as it was written."""
        if not isinstance(value, str) or place_of(value) is None:
            raise self.wrong()
        return str(value)


class DnsExpectSettings(SettingsModel):
    """What decides between good and bad. Everything that is given must hold."""

    expected: ClassVar[str] = "a mapping of what must be answered, such as answers: [192.0.2.7]"

    rcode: Annotated[str, OneOf(RCODES)] = "NOERROR"
    """Code that must be answered."""
    answers: (
        Annotated[
            tuple[Annotated[str, TextShape("a record's data", r"[ -~]{1,1024}")], ...],
            Words("a list of records such as [192.0.2.7]"),
        ]
        | None
    ) = None
    """Records that must be answered, all of them and no others, as zone files have them. `[]`: none."""
    contains: Annotated[
        tuple[Annotated[str, TextShape("a record's data", r"[ -~]{1,1024}")], ...],
        Words("a list of records such as [192.0.2.7]"),
    ] = ()
    """Records that must be among those answered."""
    matches: Pattern | None = None
    """Pattern that must be found in one of the records, as zone files have them."""
    authenticated: Switch = False
    """Whether the resolver must say that it has verified the answer (DNSSEC, the AD flag)."""

    @finding("rcode", "answers", "contains", "matches")
    def records_come_with_noerror(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """An answer with another code holds no records."""
        if self.rcode != "NOERROR":
            for key in ("answers", "contains", "matches"):
                if key in given:
                    yield (key,), "expected rcode: NOERROR with it: other answers hold no records"

    @finding("answers", "matches")
    def none_matches_nothing(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Where no record may be answered, none holds a pattern."""
        if self.answers == () and self.matches is not None:
            yield ("matches",), "expected records among answers, or no pattern for them"

    @finding("rcode", "authenticated")
    def failures_are_not_authenticated(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """DNSSEC proves records, and that there are none."""
        if self.authenticated and self.rcode not in {"NOERROR", "NXDOMAIN"}:
            yield ("authenticated",), "expected rcode: NOERROR or NXDOMAIN with it: nothing else can be verified"

    @finding("answers", "contains")
    def answers_are_all(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Where all are named, some need not be."""
        if self.answers is not None and self.contains:
            yield ("contains",), "expected either answers or contains"


class DnsWarnSettings(SettingsModel):
    """What leaves an outcome good but marks it: the function is degraded at most."""

    expected: ClassVar[str] = "a mapping with duration"

    duration: Duration | None = None
    """An attempt that takes longer is marked."""


class DnsProbeSettings(ProbeSettings):
    """One DNS question to one resolver."""

    type: Literal["dns"] = "dns"
    """What kind of probe it is."""
    interval: Annotated[timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(days=1))] = (
        timedelta(seconds=15)
    )
    """How often it runs."""
    name: Annotated[str, NameShape()]
    """Name that is asked for. Search domains are not added."""
    record: Annotated[str, KindShape(KINDS)] = "A"
    """Type of record that is asked for."""
    resolver: Annotated[str, ResolverShape()] | None = None
    """DNS server that is asked; those of resolv.conf in their order if left out."""
    transport: Annotated[str, OneOf(("udp", "tcp"))] = "udp"
    """How it is asked. An answer too long for UDP is asked for again over TCP."""
    expect: DnsExpectSettings = Field(default_factory=DnsExpectSettings)
    """What decides between good and bad."""
    warn: DnsWarnSettings = DnsWarnSettings()
    """What leaves it good, but marks it."""

    @property
    def place(self) -> Place | None:
        """Where the resolver is; None for the machine's own."""
        return place_of(self.resolver) if self.resolver is not None else None

    @property
    def host(self) -> str:
        """The host that is asked, where it is named."""
        return self.place.host if self.place is not None else ""

    @finding("record", "expect")
    def records_are_of_the_type(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is expected can be answered."""
        lists = {"answers": self.expect.answers or (), "contains": self.expect.contains}
        for key, texts in lists.items():
            for index, text in enumerate(texts):
                if not _is_record(self.record, text):
                    yield ("expect", key, index), f"expected a record of type {self.record}, as zone files have it"

    @finding("timeout", "warn")
    def warning_comes_in_time(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A warning about slowness can happen before the timeout."""
        return too_late(self.warn.duration, self.timeout)


def place_of(resolver: str) -> Place | None:
    """Return where a resolver is; None if it is not written as one."""
    host, port = resolver, str(_PORT)
    if resolver.startswith("["):
        host, bracket, port = resolver[1:].partition("]")
        is_sound = bool(bracket) and ":" in host and (port == "" or port.startswith(":"))
        port = port[1:] if port else str(_PORT)
        if not is_sound:
            return None
    elif resolver.count(":") == 1:
        host, _, port = resolver.partition(":")
    if not is_host(host) or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) <= _HIGHEST_PORT:
        return None
    return Place(host, int(port))


def _is_record(kind: str, text: str) -> bool:
    try:
        record_of(kind, text)
    except ValueError:
        return False
    return True
