"""The action `http`: one request, and what its answer must look like."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from drills.settings.actions.document import JsonValues
from drills.settings.actions.parts import secrets, texts, unsafe
from drills.settings.fill import FillShape, JsonFillShape, UrlFillShape
from drills.settings.step import StepSettings, ValueName
from glasswatch.placeholders import is_stray, names_in
from glasswatch.secrets import SecretReference
from glasswatch.settings.auth import PlainAuthSettings
from glasswatch.settings.duration import Duration
from glasswatch.settings.expect import ExpectSettings
from glasswatch.settings.headers import (
    FRAMING,
    OF_CONNECTION,
    TURNING,
    TURNS,
    HeaderName,
    HeaderValue,
    is_secret,
    repeated,
)
from glasswatch.settings.json_path import JsonPathText
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import KEY
from glasswatch.settings.shapes import AddressShape, OneOf, Switch
from glasswatch.settings.tls import IdentifiedTlsSettings

SAFE: Final = ("GET", "HEAD", "OPTIONS")
_METHODS: Final = (*SAFE, "POST", "PUT", "PATCH", "DELETE")
_OURS: Final = FRAMING | OF_CONNECTION | {"user-agent", "x-drill-run"}


class HttpWithSettings(SettingsModel):
    """What is sent."""

    expected: ClassVar[str] = "a mapping with url"

    method: Annotated[str, OneOf(_METHODS)] = "GET"
    """Request method."""
    url: Annotated[str, UrlFillShape(AddressShape("http", "https"))]
    """Address. In its path, and behind `=` in its query, `${name}` stands for a value."""
    headers: Annotated[Mapping[HeaderName, HeaderValue], Words("a mapping from headers to values")] = Field(
        default_factory=dict, repr=False
    )
    """Headers to send: text, in which `${name}` stands for a value, or a reference to a secret."""
    json_body: Annotated[Any, JsonFillShape()] = Field(default=None, alias="json", repr=False)
    """Body, sent as JSON. In its texts `${name}` stands for a value."""
    form: Annotated[Mapping[str, Annotated[str, FillShape()]], Words("a mapping from fields to text")] | None = Field(
        default=None, repr=False
    )
    """Body, sent as a form."""
    auth: PlainAuthSettings | None = None
    """Credential that is shown."""
    tls: IdentifiedTlsSettings = IdentifiedTlsSettings()
    """Whom to trust, and the client certificate to show."""
    timeout: Duration = timedelta(seconds=10)
    """How long one try may take."""

    @finding("json_body", "form")
    def has_one_body(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A request has one body."""
        if "json" in given and self.form is not None:
            yield ("form",), "expected either json or form"
        if self.form is not None and any("${" in name for name in self.form):
            yield ("form",), "expected names without ${: values go into values"

    @finding("headers")
    def headers_are_the_users(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Headers that frame the request, and those by which the run is known, are made by the drill."""
        for name, value in self.headers.items():
            if name.lower() in TURNING:
                yield ("headers", name, KEY), TURNS
            elif name.lower() in _OURS:
                yield ("headers", name, KEY), "is set by the drill: expected another header"
            elif isinstance(value, str) and is_stray(value):
                yield ("headers", name), "expected text in which ${name} stands for a value"
            elif is_secret(name) and isinstance(value, str) and "${" not in value:
                yield ("headers", name), f"expected {SecretReference.expected}"
        yield from repeated("headers", self.headers)

    @finding("url", "headers", "auth")
    def credentials_are_sent_safely(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A credential is not sent in clear."""
        if self.auth is not None or any(isinstance(value, SecretReference) for value in self.headers.values()):
            yield from unsafe(self.url, "url")

    @finding("url", "tls")
    def tls_needs_https(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What only makes sense with TLS is refused where it can never take effect."""
        if "tls" in given and self.url.startswith("http://"):
            yield ("tls",), "expected an https url, or no TLS settings"

    def references(self) -> tuple[SecretReference, ...]:
        """Return the references to all that is secret in it."""
        own = [each for each in (*self.headers.values(), self.tls.key) if isinstance(each, SecretReference)]
        return (*own, *(self.auth.secrets() if self.auth is not None else ()))


class HttpExpectSettings(ExpectSettings):
    """What the answer must look like."""

    json_values: JsonValues = Field(default_factory=dict, alias="json")
    """Places in the body, read as JSON, and the exact value each must hold. `${name}` stands for a value."""


class HttpCaptureSettings(SettingsModel):
    """Where a value is taken from."""

    expected: ClassVar[str] = "a mapping with exactly one of json and header"

    json_place: JsonPathText | None = Field(default=None, alias="json")
    """Place in the body, read as JSON: a text, a number, true or false."""
    header: HeaderName | None = None
    """Header of the answer; its first value."""
    secret: Switch = False
    """Whether it is a secret: it goes nowhere but into later steps."""

    @finding("json_place", "header")
    def comes_from_one_place(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A value comes from one place."""
        if (self.json_place is None) == (self.header is None):
            yield (), f"expected {self.expected}"


class HttpStep(StepSettings):
    """Sends a request and judges its answer."""

    is_access: ClassVar[bool] = True
    what: HttpWithSettings = Field(alias="with")
    """What is sent."""
    expect: HttpExpectSettings = HttpExpectSettings()
    """What the answer must look like; with `refused`, what a refusal looks like: 401 or 403, if left out."""
    capture: Annotated[
        Mapping[ValueName, HttpCaptureSettings], Words("a mapping from names to where each value comes from")
    ] = Field(default_factory=dict)
    """Values that later steps use."""

    @finding("refused", "capture")
    def nothing_is_captured_of_a_refusal(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """Who is refused learns nothing."""
        if self.refused and self.capture:
            yield ("capture",), "expected nothing to capture where access is refused"

    @property
    def line(self) -> str:
        """What it does."""
        return f"{self.what.method} {self.what.url}{', which must be refused' if self.refused else ''}"

    @property
    def door(self) -> str:
        """What it tries to get into."""
        return "/".join(self.what.url.split("/", 3)[:3])

    @property
    def touches(self) -> tuple[str, ...]:
        """What a request that isn't safe changes, only its author knows."""
        return () if self.what.method in SAFE else (f"whatever {self.what.method} {self.what.url} changes",)

    @property
    def rights(self) -> tuple[str, ...]:
        """What it needs to be allowed."""
        return secrets(self.what.references())

    def names(self) -> frozenset[str]:
        """Return the names of the values that it uses."""
        what = self.what
        given = texts([what.url, *what.headers.values(), *self.expect.json_values.values()])
        return given | names_in([what.json_body, *(what.form or {}).values()])

    def captures(self) -> Mapping[str, bool]:
        """Return the names of the values that it captures, and whether each is secret."""
        return {name: each.secret for name, each in self.capture.items()}
