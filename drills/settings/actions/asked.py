"""What settings of things that are asked over HTTP have in common."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from drills.settings.actions.parts import unsafe
from glasswatch.placeholders import is_stray
from glasswatch.secrets import SecretReference
from glasswatch.settings.auth import PlainAuthSettings
from glasswatch.settings.headers import HeaderName, HeaderValue, is_secret, repeated
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.tls import TrustSettings


class AskedSettings(SettingsModel):
    """Somebody who is asked. What is built on it has `url`."""

    url: Any
    auth: PlainAuthSettings | None = None
    """Credential that is shown."""
    headers: Annotated[Mapping[HeaderName, HeaderValue], Words("a mapping from headers to values")] = Field(
        default_factory=dict, repr=False
    )
    """Headers to send: text, or a reference to a secret."""
    tls: TrustSettings = TrustSettings()
    """Whom to trust."""

    @finding("url", "headers", "auth")
    def what_is_shown_is_safe(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """A credential is neither written down nor sent in clear."""
        for name, value in self.headers.items():
            if isinstance(value, str) and is_stray(value):
                yield ("headers", name), "expected text in which ${name} stands for a value"
            elif isinstance(value, str) and is_secret(name) and "${" not in value:
                yield ("headers", name), f"expected {SecretReference.expected}"
        yield from repeated("headers", self.headers)
        if self.auth is not None or any(isinstance(each, SecretReference) for each in self.headers.values()):
            yield from unsafe(self.url, "url")

    def given(self) -> tuple[object, ...]:
        """Return all that may hold values, or lead to secrets."""
        return (*self.headers.values(), *(self.auth.secrets() if self.auth is not None else ()))
