"""Settings of the `http` probe: one request, and what its answer must look like."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from glasswatch.secrets import ArgumentShape, SecretReference
from glasswatch.settings.duration import Duration, DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import KEY, Shape
from glasswatch.settings.shapes import Address, JsonValue, OneOf, Pattern, TextShape, WholeNumber
from monitor.settings.json_path import parse
from monitor.settings.probe import ProbeSettings
from monitor.settings.tls import TlsSettings

_MEBIBYTE = 1024 * 1024
_OUR_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token"})


class HeaderValueShape(Shape):
    """The value of a header that is sent: text, or a reference to a secret."""

    expected = "text of printable ASCII, or a reference to a secret such as {env: NAME}"

    def read(self, value: object) -> str | SecretReference:
        """Return the text or the reference."""
        return self._read(value, None)

    def _read(self, value: object, info: ValidationInfo | None) -> str | SecretReference:
        if isinstance(value, Mapping):
            return SecretReference.model_validate(value, context=info.context if info else None)
        if isinstance(value, SecretReference):
            return value
        if not isinstance(value, str) or not all(" " <= letter <= "~" for letter in value) or value != value.strip():
            raise self.wrong()
        return str(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:  # noqa: ANN401 - pydantic's signature
        return core_schema.with_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        return {"oneOf": [{"type": "string"}, handler(SecretReference.__pydantic_core_schema__)]}


class JsonPathShape(Shape):
    """A path into a JSON document."""

    expected = "a path such as status or checks[0].state"
    json: ClassVar[Mapping[str, object]] = {"type": "string"}

    def read(self, value: object) -> str:
        """Return the path as it was written; it parses."""
        if not isinstance(value, str):
            raise self.wrong()
        try:
            parse(value)
        except ValueError:
            raise self.wrong() from None
        return str(value)


HeaderName = Annotated[str, TextShape("a header's name", r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")]
HeaderValue = Annotated[str | SecretReference, HeaderValueShape()]
JsonPathText = Annotated[str, JsonPathShape()]


class ExpectSettings(SettingsModel):
    """What decides between good and bad. Everything that is given must hold."""

    expected: ClassVar[str] = "a mapping of what the answer must look like, such as status: [200]"

    status: Annotated[
        tuple[Annotated[int, WholeNumber(100, 599)], ...],
        Field(min_length=1),
        Words("a list of status codes such as [200, 204]"),
    ] = (200,)
    """Status codes that are good."""
    headers: Annotated[Mapping[HeaderName, Pattern], Words("a mapping from headers to patterns")] = Field(
        default_factory=dict
    )
    """Headers the answer must have, each with a pattern found somewhere in its value."""
    body_matches: Pattern | None = None
    """Pattern that must be found in the body."""
    body_not_matches: Pattern | None = None
    """Pattern that must not be found in the body."""
    json_values: Annotated[Mapping[JsonPathText, JsonValue], Words("a mapping such as status: ok")] = Field(
        default_factory=dict, alias="json"
    )
    """Places in the body, read as JSON, and the exact value each must hold."""

    @finding("headers")
    def headers_differ(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A header is named once, whatever its case."""
        return _repeated("headers", self.headers)


class WarnSettings(SettingsModel):
    """What leaves an outcome good but marks it: the function is degraded at most."""

    expected: ClassVar[str] = "a mapping with duration and tls_days_left"

    duration: Duration | None = None
    """An attempt that takes longer is marked."""
    tls_days_left: Annotated[int, WholeNumber(1, 3650)] | None = None
    """A certificate that ends within this many days is marked."""


class HttpProbeSettings(ProbeSettings):
    """One HTTP request on a new connection."""

    type: Literal["http"] = "http"
    """What kind of probe it is."""
    interval: Annotated[timedelta, DurationShape(at_least=timedelta(milliseconds=100), at_most=timedelta(days=1))] = (
        timedelta(seconds=15)
    )
    """How often it runs."""
    url: Address
    """Address that is asked for, without user and password."""
    method: Annotated[str, OneOf(("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"))] = "GET"
    """Request method."""
    headers: Annotated[Mapping[HeaderName, HeaderValue], Words("a mapping from headers to values")] = Field(
        default_factory=dict, repr=False
    )
    """Headers to send. Credentials are references to secrets: `Authorization: {env: PORTAL_TOKEN}`."""
    body: Annotated[str, ArgumentShape()] | None = Field(default=None, repr=False)
    """Body to send, as text."""
    expect: ExpectSettings = Field(default_factory=ExpectSettings)
    """What decides between good and bad."""
    warn: WarnSettings = WarnSettings()
    """What leaves it good, but marks it."""
    tls: TlsSettings = TlsSettings()
    """How the server is verified."""
    follow_redirects: Annotated[int, WholeNumber(0, 10)] = 0
    """How many redirects are followed; one more is bad."""
    max_body: Annotated[int, WholeNumber(1, 16 * _MEBIBYTE)] = _MEBIBYTE
    """Largest body that is read, in bytes, after decompression; more is bad."""

    @finding("headers")
    def headers_are_ours_to_set(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Headers that frame the request are made by the probe; credentials are never written down."""
        for name in self.headers:
            if name.lower() in _OUR_OWN_HEADERS:
                yield ("headers", name, KEY), "is set by the probe itself: expected another header"
        yield from unwritten_credentials(self.headers)

    @finding("url", "tls", "warn", "follow_redirects")
    def tls_needs_https(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What only makes sense with TLS is refused where it can never take effect."""
        if self.url.startswith("http://") and self.follow_redirects == 0:
            if "tls" in given:
                yield ("tls",), "expected an https address, or no TLS settings"
            if self.warn.tls_days_left is not None:
                yield ("warn", "tls_days_left"), "expected an https address, or no warning about its certificate"

    @finding("timeout", "warn")
    def warning_comes_in_time(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A warning about slowness can happen before the timeout."""
        if self.warn.duration is not None and self.warn.duration >= self.timeout:
            yield ("warn", "duration"), "expected less than the timeout"

    @finding("method", "expect")
    def head_has_no_body(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """An answer to HEAD has no body to judge."""
        if self.method != "HEAD":
            return
        for key, wanted in (("body_matches", self.expect.body_matches), ("json", self.expect.json_values)):
            if wanted:
                yield ("expect", key), "expected another method than HEAD, whose answer has no body"


def unwritten_credentials(headers: Mapping[str, str | SecretReference]) -> Iterable[Finding]:
    """Find headers whose credential stands in the settings themselves, and those given twice."""
    for name, value in headers.items():
        if name.lower() in _SECRET_HEADERS and isinstance(value, str):
            yield ("headers", name), f"expected {SecretReference.expected}"
    yield from _repeated("headers", headers)


def _repeated(key: str, headers: Mapping[str, object]) -> Iterable[Finding]:
    seen: set[str] = set()
    for name in headers:
        if name.lower() in seen:
            yield (key, name, KEY), "is given twice, in another case"
        seen.add(name.lower())
