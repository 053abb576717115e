"""How the other side of a TLS connection is verified, and who we are. There is no way to turn verification off."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, Final

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from glasswatch.secrets import SecretReference
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shapes import OneOf, PathShape, RelativePath, TextShape

_HOST_PATTERN = r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))*"


KEY_WORDS: Final = Words("a path, or a reference to a secret: {env: NAME}, {file: PATH} or {command: …}")


class ShortKeyed(SettingsModel):
    """Settings with a private key, `key`, whose file may be written as its path alone."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:  # noqa: ANN401 - what was written, whatever that is
        if isinstance(value, Mapping) and isinstance(value.get("key"), str) and re.fullmatch(".+", value["key"]):
            return {**value, "key": {"file": value["key"]}}
        return value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core)
        key = handler.resolve_ref_schema(schema)["properties"]["key"]
        handler.resolve_ref_schema(schema)["properties"]["key"] = {"oneOf": [PathShape().schema(), key]}
        return schema


class TrustSettings(SettingsModel):
    """Whom to trust."""

    expected: ClassVar[str] = "a mapping with ca_file"

    ca_file: RelativePath | None = None
    """PEM file with the authorities to trust, in place of the system's."""


class TlsSettings(TrustSettings):
    """Whom to trust, and as whom."""

    expected: ClassVar[str] = "a mapping with ca_file, server_name and min_version"

    server_name: Annotated[str, TextShape("a host name", _HOST_PATTERN)] | None = None
    """Name to ask for and to verify, where it isn't the address's own."""
    min_version: Annotated[str, OneOf(("1.2", "1.3"))] = "1.2"
    """Oldest TLS version that is spoken."""


class IdentitySettings(ShortKeyed):
    """Who we are."""

    expected: ClassVar[str] = "a mapping with certificate and key"

    certificate: RelativePath
    """PEM file with the client certificate and those that lead to its authority. Read again when it changes."""
    key: Annotated[SecretReference, KEY_WORDS]
    """Its private key, PEM, not encrypted. A file may be written as its path alone."""


class IdentifiedTlsSettings(ShortKeyed, TlsSettings):
    """Whom to trust, and who we are."""

    expected: ClassVar[str] = "a mapping with ca_file, server_name, min_version, certificate and key"

    certificate: RelativePath | None = None
    """PEM file with a client certificate, for servers that want one. Read again when it changes."""
    key: Annotated[SecretReference | None, KEY_WORDS] = None
    """Its private key, PEM, not encrypted. A file may be written as its path alone."""

    @property
    def identity(self) -> IdentitySettings | None:
        """The client certificate with its key, if there is one."""
        if self.certificate is None or self.key is None:
            return None
        return IdentitySettings(certificate=self.certificate, key=self.key)

    @finding("certificate", "key")
    def certificate_has_its_key(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """A certificate and its key are given together."""
        if ("certificate" in given) != ("key" in given):
            missing = "key" if "certificate" in given else "certificate"
            yield (missing,), "is required: expected certificate and key together"
