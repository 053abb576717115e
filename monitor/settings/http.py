"""Settings of probes that send an HTTP request: as whom and which way, and of `http` what its answer must look like."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from glasswatch.secrets import ArgumentShape
from glasswatch.settings.auth import AuthSettings
from glasswatch.settings.duration import DurationShape
from glasswatch.settings.expect import OF_BODY, ExpectSettings
from glasswatch.settings.headers import FRAMING, OF_CONNECTION, HeaderName, HeaderValue, sent
from glasswatch.settings.model import Finding, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import KEY
from glasswatch.settings.shapes import Address, OneOf, WholeNumber
from glasswatch.settings.tls import IdentifiedTlsSettings
from monitor.settings.places import is_loopback
from monitor.settings.principals import SecondSettings, covers, secret_headers
from monitor.settings.probe import ProbeSettings
from monitor.settings.proxy import ProxySettings
from monitor.settings.warn import WarnSettings, too_late
from platforms.transport.resolver import Ip, numeric

_MEBIBYTE = 1024 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CODINGS = frozenset({"gzip", "x-gzip", "deflate", "identity", ""})


class RequestSettings(ProbeSettings):
    """A probe that sends one HTTP request: to whom, as whom and which way."""

    url: Address
    """Address that is asked for, without user and password."""
    http_version: Annotated[str, OneOf(("1.1", "2"))] = "1.1"
    """Version of HTTP that is spoken. `2`: agreed on in TLS (ALPN); on plain http the server must know."""
    headers: Annotated[Mapping[HeaderName, HeaderValue], Words("a mapping from headers to values")] = Field(
        default_factory=dict, repr=False
    )
    """Headers to send. Credentials are references to secrets: `Authorization: {env: PORTAL_TOKEN}`."""
    auth: AuthSettings | None = None
    """Credential to send, in one of the forms that services ask for."""
    second: SecondSettings | None = None
    """Somebody else, who is tried when our own credential is refused."""
    warn: WarnSettings = WarnSettings()
    """What leaves it good, but marks it."""
    tls: IdentifiedTlsSettings = IdentifiedTlsSettings()
    """How the server is verified, and as whom we are known to it."""
    ip: Annotated[Ip, OneOf(Ip)] = Ip.PREFER_4
    """Which of a name's addresses is tried."""
    proxy: ProxySettings | None = None
    """Proxy to go through. None from the environment."""
    follow_redirects: Annotated[int, WholeNumber(0, 10)] = 0
    """How many redirects are followed; one more is bad."""
    max_body: Annotated[int, WholeNumber(1, 16 * _MEBIBYTE)] = _MEBIBYTE
    """Largest body that is read, in bytes, after decompression; more is bad."""

    @finding("headers", "auth")
    def headers_are_ours_to_set(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Headers that frame the request are made by the probe; credentials are never written down, nor sent twice."""
        ours = FRAMING if self.auth is None else FRAMING | {"authorization"}
        yield from sent("headers", self.headers, ours, "the probe itself")

    @finding("headers", "second")
    def codings_can_be_read(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What is asked for can be decoded."""
        others = self.second.headers if self.second is not None else {}
        for place, headers in ((("headers",), self.headers), (("second", "headers"), others)):
            for name, value in headers.items():
                if name.lower() == "accept-encoding" and isinstance(value, str) and not _is_readable(value):
                    yield (*place, name), "expected gzip, deflate or identity: nothing else is read here"

    @finding("headers", "auth", "tls", "second")
    def second_is_somebody_else(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A second principal has one of everything that the first sends, and nothing of the first's."""
        if self.second is not None:
            first = SecondSettings.model_construct(auth=self.auth, headers=self.headers, tls=self.tls.identity)
            for place, words in covers(first, self.second):
                yield ("second", *place), words

    @finding("url", "headers", "auth", "proxy")
    def secrets_travel_safely(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A secret is sent to a server that has proved who it is."""
        hosts = [urlsplit(self.url).hostname or "", *([self.proxy.host] if self.proxy is not None else [])]
        if not self.url.startswith("http://") or all(is_loopback(host) for host in hosts):
            return
        words = "expected an https address with it: in clear everybody on the way could read it"
        if self.auth is not None:
            yield ("auth",), words
        for name in secret_headers(self.headers):
            yield ("headers", name), words

    @finding("http_version", "headers", "second")
    def headers_exist_in_http2(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """What belongs to a connection is no header in HTTP/2."""
        if self.http_version != "2":
            return
        others = self.second.headers if self.second is not None else {}
        for place, headers in ((("headers",), self.headers), (("second", "headers"), others)):
            for name in headers:
                if name.lower() in OF_CONNECTION:
                    yield (*place, name, KEY), "is no header in HTTP/2: expected another one"

    @finding("http_version", "url", "proxy")
    def http2_goes_through_a_tunnel(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A proxy is asked in HTTP/1.1; only what goes through a tunnel is not its to understand."""
        if self.http_version == "2" and self.proxy is not None and self.url.startswith("http://"):
            yield ("proxy",), "expected an https address: HTTP/2 goes through a proxy in a tunnel only"

    @finding("url", "ip")
    def ip_needs_a_name(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A numeric host leaves nothing to choose."""
        if "ip" in given and numeric(urlsplit(self.url).hostname or "", 0) is not None:
            yield ("ip",), "expected an address whose host is a name, or no choice of addresses"

    @finding("url", "tls", "warn", "follow_redirects")
    def tls_needs_https(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What only makes sense with TLS is refused where it can never take effect."""
        if self.url.startswith("http://") and self.follow_redirects == 0:
            if "tls" in given:
                yield ("tls",), "expected an https address, or no TLS settings"
            if self.warn.tls_days_left is not None:
                yield ("warn", "tls_days_left"), "expected an https address, or no warning about its certificate"

        elif self.url.startswith("http://") and self.tls.identity is not None:
            yield ("tls", "certificate"), "expected an https address: it is shown to no other origin"

    @finding("timeout", "warn")
    def warning_comes_in_time(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A warning about slowness can happen before the timeout."""
        return too_late(self.warn.duration, self.timeout)


class HttpProbeSettings(RequestSettings):
    """One HTTP request on a new connection."""

    type: Literal["http"] = "http"
    """What kind of probe it is."""
    interval: Annotated[timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(days=1))] = (
        timedelta(seconds=15)
    )
    """How often it runs."""
    method: Annotated[str, OneOf(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"))] = "GET"
    """Request method."""
    body: Annotated[str, ArgumentShape()] | None = Field(default=None, repr=False)
    """Body to send, as text."""
    expect: ExpectSettings = Field(default_factory=ExpectSettings)
    """What decides between good and bad."""

    @finding("method", "expect")
    def head_has_no_body(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """An answer to HEAD has no body to judge."""
        if self.method != "HEAD":
            return
        wanted = (self.expect.body_matches, self.expect.body_not_matches, self.expect.json_values)
        for key, each in zip(OF_BODY, wanted, strict=True):
            if each:
                yield ("expect", key), "expected another method than HEAD, whose answer has no body"

    @finding("follow_redirects", "expect")
    def redirects_are_followed_or_expected(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A redirect that is followed is never the answer, unless it leads nowhere."""
        if self.follow_redirects and _REDIRECTS.issuperset(self.expect.status):
            yield ("expect", "status"), "expected follow_redirects: 0 with it, or a status that is no redirect"


def _is_readable(codings: str) -> bool:
    """Return whether every coding that is asked for is one we decode; one with q=0 is not asked for."""
    for each in codings.lower().split(","):
        coding, _, weight = (part.strip() for part in each.partition(";"))
        if coding not in _CODINGS and not _is_zero(weight):
            return False
    return True


def _is_zero(weight: str) -> bool:
    name, _, value = weight.partition("=")
    return name.strip() == "q" and value.strip() in {"0", "0.0", "0.00", "0.000"}
