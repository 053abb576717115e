"""A proxy to go through, where it is asked for."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from glasswatch.secrets import SecretReference
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shapes import AddressShape, TextShape

_WHAT = "an address such as http://proxy.example.com:3128, or a mapping with url"
_PORT = 80


class ProxyAddressShape(AddressShape):
    """`http://HOST:PORT`, and nothing behind it."""

    def __init__(self) -> None:
        super().__init__("http")
        self.expected = "an address such as http://proxy.example.com:3128"

    def read(self, value: object) -> str:
        """Return the address as it was written."""
        address = super().read(value)
        parts = urlsplit(address)
        if parts.path not in ("", "/") or parts.query:
            raise self.wrong()
        return address


class ProxySettings(SettingsModel):
    """One proxy. May be written as the address alone."""

    expected: ClassVar[str] = _WHAT

    url: Annotated[str, ProxyAddressShape()]
    """Address of the proxy. It is talked to in clear; what goes through it to https addresses is not."""
    user: Annotated[
        str | None, TextShape("a user's name, printable and without a colon", r"[^:\x00-\x1f\x7f]{1,255}")
    ] = None
    """Who we are to the proxy."""
    password: SecretReference | None = None
    """Password for the proxy."""

    @property
    def host(self) -> str:
        """Its name or number, without brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Its port."""
        return urlsplit(self.url).port or _PORT

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:  # noqa: ANN401 - what was written, whatever that is
        return {"url": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"oneOf": [ProxyAddressShape().schema(), handler(core)]}

    @finding("user", "password")
    def user_has_a_password(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """User and password are given together."""
        if ("user" in given) != ("password" in given):
            missing = "password" if "user" in given else "user"
            yield (missing,), "is required: expected user and password together"
