"""Headers in the settings: their names, their values, and which of them are not the user's to give."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from pydantic import ValidationInfo
from pydantic_core import CoreSchema, core_schema

from glasswatch.secrets import SecretReference
from glasswatch.settings.model import Finding
from glasswatch.settings.shape import KEY, Shape
from glasswatch.settings.shapes import TextShape

FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})
# RFC 9113, 8.2.2: what concerns one connection is no header in HTTP/2.
OF_CONNECTION: Final = frozenset({"keep-alive", "proxy-connection", "te"})
# What asks for a connection to go on in another way: the probe would not understand what comes then.
TURNING: Final = frozenset({"expect", "upgrade"})
_SECRET: Final = re.compile(
    r".*authorization|cookie2?|(?:.*[-_])?(?:api-?key|token|secret|passw(?:or)?d)", re.IGNORECASE
)


TURNS: Final = "is never sent: it would change how the connection goes on; expected another header"


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


HeaderName = Annotated[str, TextShape("a header's name", r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")]
HeaderValue = Annotated[str | SecretReference, HeaderValueShape()]


def sent(key: str, headers: Mapping[str, object], ours: frozenset[str], by: str) -> Iterable[Finding]:
    """Yield what is wrong with headers that are sent: `ours` are set `by` us; credentials are never written down."""
    for name, value in headers.items():
        if name.lower() in TURNING:
            yield (key, name, KEY), TURNS
        elif name.lower() in ours:
            yield (key, name, KEY), f"is set by {by}: expected another header"
        elif is_secret(name) and isinstance(value, str):
            yield (key, name), f"expected {SecretReference.expected}"
    yield from repeated(key, headers)


def is_secret(name: str) -> bool:
    """Return whether a header of this name holds a credential."""
    return _SECRET.fullmatch(name) is not None


def repeated(key: str, headers: Mapping[str, object]) -> Iterable[Finding]:
    """Yield the headers that are given twice, in another case."""
    seen: set[str] = set()
    for name in headers:
        if name.lower() in seen:
            yield (key, name, KEY), "is given twice, in another case"
        seen.add(name.lower())
