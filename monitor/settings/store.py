"""Settings of the store: one address, and a password by reference where it needs one."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from glasswatch.secrets import SecretReference
from glasswatch.settings.duration import DurationShape
from glasswatch.settings.model import Finding, SettingsModel, finding
from glasswatch.settings.shape import PlacedShape, expected

_WHAT = "a store's address: sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE"
_SQLITE = "sqlite:///"
_POSTGRESQL = "postgresql+psycopg://"


class StoreAddressShape(PlacedShape):
    """Address of a database; the file of an SQLite one is made absolute."""

    expected = _WHAT
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": r"^(sqlite:///.|postgresql\+psycopg://)"}

    def read_at(self, value: object, directory: Path) -> str:
        """Return the address."""
        if not isinstance(value, str) or re.search(r"[\x00-\x1f\x7f]", value):
            raise self.wrong()
        if value.startswith(_SQLITE):
            return self._sqlite(value.removeprefix(_SQLITE), directory)
        if value.startswith(_POSTGRESQL):
            return self._postgresql(str(value))
        raise self.wrong()

    def _sqlite(self, file: str, directory: Path) -> str:
        if not file or file.startswith((":memory:", "file:")):
            raise expected("a file after sqlite:///: what is only in memory does not survive a restart")
        path = str(directory / file)
        if "?" in path:
            raise expected("a file without ? in its path, and no parameters")
        return _SQLITE + path

    def _postgresql(self, address: str) -> str:
        try:
            parts = urlsplit(address)
            _ = parts.port
        except ValueError:
            raise self.wrong() from None
        parameters = {key.lower() for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
        if parts.password is not None or parameters & {"password", "sslpassword"}:
            raise expected("an address without password; give it apart: {url: ADDRESS, password: {file: PATH}}")
        if not parts.path.strip("/"):
            raise expected("a database's name at the end of the address")
        return address


class StoreSettings(SettingsModel):
    """Where everything that must survive is kept. May be written as the address alone."""

    expected: ClassVar[str] = _WHAT

    url: Annotated[str, StoreAddressShape()]
    """Address: `sqlite:///FILE` (relative to this file; `sqlite:////FILE` is absolute) or `postgresql+psycopg://…`."""
    password: SecretReference | None = None
    """Password for PostgreSQL."""
    keep_good: Annotated[timedelta, DurationShape(at_least=timedelta(days=1))] = timedelta(days=1)
    """How long good outcomes are kept in full; from then on they are counted by the hour."""
    keep_failures: Annotated[timedelta, DurationShape(at_least=timedelta(days=1))] = timedelta(days=400)
    """How long all other outcomes are kept in full. Outages, transitions and the audit are kept for ever."""
    keep_hours: Annotated[timedelta, DurationShape(at_least=timedelta(days=1))] = timedelta(days=400)
    """How long the hourly counts are kept that are left of outcomes."""

    @property
    def is_shared(self) -> bool:
        """Whether several vantages can use it at once."""
        return self.url.startswith(_POSTGRESQL)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:  # noqa: ANN401 - what was written, whatever that is
        return {"url": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"oneOf": [StoreAddressShape().schema(), handler(core)]}

    @finding("keep_good", "keep_failures")
    def failures_are_kept_longer(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """What went wrong is argued over for longer than what went well."""
        if self.keep_failures < self.keep_good:
            yield (
                ("keep_failures" if "keep_failures" in given else "keep_good",),
                ("expected failures to be kept no shorter than good outcomes"),
            )

    @finding("keep_failures", "keep_hours")
    def hours_are_kept_longest(self, given: Mapping[str, object]) -> Iterable[Finding]:
        """An hour of which only the failures were left would look like an outage."""
        if self.keep_hours < self.keep_failures:
            yield (
                ("keep_hours" if "keep_hours" in given else "keep_failures",),
                ("expected hourly counts to be kept no shorter than failures"),
            )

    @finding("url", "password")
    def password_is_of_use(self, _given: Mapping[str, object]) -> Iterable[Finding]:
        """SQLite knows no password."""
        if self.password is not None and not self.is_shared:
            yield ("password",), "expected no password: sqlite has none"
