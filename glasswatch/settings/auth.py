"""A credential in one of the forms that services ask for. All that is secret in it is given by reference."""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from glasswatch.secrets import SecretReference
from glasswatch.settings.addresses import SafeAddressShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shapes import OneOf, TextShape
from glasswatch.settings.tls import TrustSettings

_FORMS = ("bearer", "basic", "oauth2")
_PLAIN_FORMS = ("bearer", "basic")
_PRINTABLE = r"[\x20-\x7e]{1,1000}"


class BasicSettings(SettingsModel):
    """User and password (RFC 7617)."""

    expected: ClassVar[str] = "a mapping with user and password"

    user: Annotated[str, TextShape("a user's name, printable and without a colon", r"[^:\x00-\x1f\x7f]{1,255}")]
    """User's name."""
    password: SecretReference
    """Password."""


class OAuth2Settings(SettingsModel):
    """A token got with client credentials (RFC 6749, 4.4)."""

    expected: ClassVar[str] = "a mapping with token_url, client_id and client_secret"

    token_url: Annotated[str, SafeAddressShape()]
    """Address of the identity provider's token endpoint."""
    client_id: Annotated[str, TextShape("a client's id of printable ASCII", _PRINTABLE)]
    """Who asks for the token."""
    client_secret: SecretReference
    """The client's secret."""
    scope: Annotated[
        str | None, TextShape("scopes separated by single spaces", r"[!#-\[\]-~]+(?: [!#-\[\]-~]+){0,99}")
    ] = None
    """Scopes to ask for."""
    audience: Annotated[str | None, TextShape("text of printable ASCII", _PRINTABLE)] = None
    """Whom the token is for, where the identity provider wants to know."""
    auth_style: Annotated[str, OneOf(("header", "body"))] = "header"
    """How client and secret are sent: as a basic credential, or in the form."""
    tls: TrustSettings = TrustSettings()
    """How the token endpoint is verified."""

    @finding("token_url", "tls")
    def tls_needs_https(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What only makes sense with TLS is refused where it can never take effect."""
        if "tls" in given and self.token_url.startswith("http://"):
            yield ("tls",), "expected an https token_url, or no TLS settings"


class AuthSettings(SettingsModel):
    """Exactly one form of credential."""

    expected: ClassVar[str] = "a mapping with exactly one of: bearer, basic, oauth2"

    bearer: SecretReference | None = None
    """Token that is sent as `Authorization: Bearer …`."""
    basic: BasicSettings | None = None
    """User and password, sent as `Authorization: Basic …`."""
    oauth2: OAuth2Settings | None = None
    """Where a token is to be had; sent as `Authorization: Bearer …`."""

    @finding()
    def is_one_form(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A credential has one form."""
        if given.keys() <= set(_FORMS) and sum(given.get(form) is not None for form in _FORMS) != 1:
            yield (), f"expected exactly one of: {', '.join(_FORMS)}"

    def secrets(self) -> Iterable[SecretReference]:
        """Return the references to all that is secret in it."""
        if self.bearer is not None:
            yield self.bearer
        if self.basic is not None:
            yield self.basic.password
        if self.oauth2 is not None:
            yield self.oauth2.client_secret


class PlainAuthSettings(SettingsModel):
    """Exactly one form of credential, of those that need nobody else."""

    expected: ClassVar[str] = "a mapping with exactly one of: bearer, basic"

    bearer: SecretReference | None = None
    """Token that is sent as `Authorization: Bearer …`."""
    basic: BasicSettings | None = None
    """User and password, sent as `Authorization: Basic …`."""

    @finding()
    def is_one_form(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A credential has one form."""
        if given.keys() <= set(_PLAIN_FORMS) and sum(given.get(form) is not None for form in _PLAIN_FORMS) != 1:
            yield (), f"expected exactly one of: {', '.join(_PLAIN_FORMS)}"

    def secrets(self) -> Iterable[SecretReference]:
        """Return the references to all that is secret in it."""
        if self.bearer is not None:
            yield self.bearer
        if self.basic is not None:
            yield self.basic.password
