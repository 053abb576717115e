"""The second principal: somebody else, whose refusal tells a broken platform from a broken credential of ours.

It must have one of everything that the first sends as a credential: were something missing, it would be refused for
that alone, and a good platform would be called bad.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from glasswatch.secrets import SecretReference
from glasswatch.settings.auth import AuthSettings
from glasswatch.settings.headers import FRAMING, HeaderName, HeaderValue, sent
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.tls import IdentitySettings

_ANOTHER = "expected another secret than the first principal's: one that was issued separately"
_ELSE = "is the first principal's: expected somebody else"


class SecondSettings(SettingsModel):
    """Somebody else's credentials, in place of all of the first one's."""

    expected: ClassVar[str] = "a mapping with auth, headers or tls"

    auth: AuthSettings | None = None
    """The second principal's credential."""
    headers: Annotated[Mapping[HeaderName, HeaderValue], Words("a mapping from headers to values")] = Field(
        default_factory=dict, repr=False
    )
    """Headers of the second principal; they take the place of the probe's own of the same name."""
    tls: IdentitySettings | None = None
    """The second principal's client certificate."""

    @finding("headers", "auth")
    def headers_are_ours_to_set(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """As for the probe's own."""
        ours = FRAMING if self.auth is None else FRAMING | {"authorization"}
        yield from sent("headers", self.headers, ours, "the probe itself")


def secret_headers(headers: Mapping[str, str | SecretReference]) -> dict[str, SecretReference]:
    """Return the headers that are given by reference: they carry credentials."""
    return {name: value for name, value in headers.items() if isinstance(value, SecretReference)}


def covers(first: SecondSettings, second: SecondSettings) -> Iterable[Finding]:
    """Yield what the second principal lacks of what the first sends, and what both would send."""
    if not _kinds(first):
        yield (
            (),
            "expected a credential of the first principal as well: auth, a header by reference, or tls.certificate",
        )
        return
    for kind in sorted(_kinds(first) - _kinds(second)):
        yield (), f"expected one of everything that the first principal sends: {kind} is missing"
    if not set(_secrets(first)).isdisjoint(_secrets(second)):
        yield (), _ANOTHER
    for place, whose in _names(second).items():
        if _names(first).get(place) == whose:
            yield place, _ELSE


def _names(principal: SecondSettings) -> dict[tuple[str, ...], object]:
    """Return who the principal is, wherever that stands in the settings in clear."""
    names: dict[tuple[str, ...], object] = {}
    if principal.auth is not None and principal.auth.basic is not None:
        names["auth", "basic", "user"] = principal.auth.basic.user
    if principal.auth is not None and principal.auth.oauth2 is not None:
        oauth2 = principal.auth.oauth2
        # Another identity provider may know somebody else by the same id.
        names["auth", "oauth2", "client_id"] = urlsplit(oauth2.token_url).netloc, oauth2.client_id
    if principal.tls is not None:
        names["tls", "certificate"] = principal.tls.certificate
    return names


def _kinds(principal: SecondSettings) -> set[str]:
    kinds = {name.lower() for name in secret_headers(principal.headers)}
    if principal.auth is not None:
        kinds.add("authorization")
    if principal.tls is not None:
        kinds.add("tls")
    return kinds


def _secrets(principal: SecondSettings) -> Iterable[SecretReference]:
    yield from secret_headers(principal.headers).values()
    if principal.auth is not None:
        yield from principal.auth.secrets()
    if principal.tls is not None:
        yield principal.tls.key
