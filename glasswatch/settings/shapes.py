"""The shapes that settings are made of: names, numbers, switches, choices, addresses, paths, patterns.

Rules:
- Numbers are plain decimal digits: no leading zero, no `1_000`, no `0x`.
- A switch is `true` or `false`; YAML's other words for them are refused, because `no` is also a country.
- Names are lower-case, so that two of them never differ in case only.
"""

import ipaddress
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, ClassVar
from urllib.parse import SplitResult, urlsplit

from glasswatch.settings.sentences import one_of, unknown_choice
from glasswatch.settings.shape import PlacedShape, Plain, Shape, expected

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,30})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,18})?(?:[eE][-+]?[0-9]{1,3})?")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?"
)
_LONGEST_ADDRESS = 2048
_LONGEST_PATTERN = 1000
_LONGEST_PATH = 4096
_SHORT_FRAGMENT = 3
_LARGEST_EXACT = 2**53

JsonScalar = str | int | float | bool | None


class TextShape(Shape):
    """Text that fully matches a pattern."""

    def __init__(self, what: str, pattern: str) -> None:
        self.expected = what
        self.pattern = pattern
        self._matches = re.compile(pattern).fullmatch

    def read(self, value: object) -> str:
        """Return the text."""
        if not isinstance(value, str) or self._matches(value) is None:
            raise self.wrong()
        return str(value)

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of the text."""
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}


class WholeNumber(Shape):
    """A whole number within bounds, both included."""

    def __init__(self, lowest: int, highest: int) -> None:
        self.expected = f"a whole number from {lowest} to {highest}"
        self.lowest, self.highest = lowest, highest

    def read(self, value: object) -> int:
        """Return the number."""
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not self.lowest <= value <= self.highest:
            raise self.wrong()
        return value

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of the number."""
        return {"type": "integer", "minimum": self.lowest, "maximum": self.highest}


class SwitchShape(Shape):
    """True or false."""

    expected = "true or false"
    json: ClassVar[Mapping[str, object]] = {"type": "boolean"}

    def read(self, value: object) -> bool:
        """Return the switch's position."""
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value in ("true", "false"):
            return value == "true"
        raise self.wrong()


class OneOf(Shape):
    """One of a closed list of words; of an enum, its member."""

    def __init__(self, choices: type[StrEnum] | tuple[str, ...]) -> None:
        members = choices if isinstance(choices, tuple) else tuple(choices)
        self.choices: dict[str, str] = {str(member): member for member in members}
        self.expected = one_of(self.choices)

    def read(self, value: object) -> str:
        """Return the word, or the enum's member."""
        if isinstance(value, str) and value in self.choices:
            return self.choices[value]
        raise expected(unknown_choice(value, tuple(self.choices), self.expected).removeprefix("expected "))

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of the choice."""
        # Editors read an unquoted 1.2 as a number.
        numbers = [float(choice) for choice in self.choices if _NUMBER.fullmatch(choice)]
        return {"enum": [*self.choices, *numbers]}


class JsonScalarShape(Shape):
    """A single JSON value. Unquoted `3`, `true` and `null` are not text; quoted ones are."""

    expected = "text, a number, true, false or null"
    json: ClassVar[Mapping[str, object]] = {"type": ["string", "number", "boolean", "null"]}

    def read(self, value: object) -> JsonScalar:
        """Return the value."""
        if not isinstance(value, Plain):
            if value is None or isinstance(value, str | int | float):
                return value
            raise self.wrong()
        if value in ("true", "false"):
            return value == "true"
        if not _NUMBER.fullmatch(value):
            return str(value)
        number = int(value) if _WHOLE.fullmatch(value) else float(value)
        if abs(number) > _LARGEST_EXACT:
            raise expected("a number that JSON holds exactly (at most 2**53), or quotes around it")
        return number


class AddressShape(Shape):
    """An address (URL) with a host, without a user, a password or a fragment, in printable ASCII."""

    def __init__(self, *schemes: str) -> None:
        self.schemes = schemes
        self.expected = f"an {' or '.join(schemes)} address"

    def read(self, value: object) -> str:
        """Return the address as it was written."""
        if not isinstance(value, str):
            raise self.wrong()
        fault = self._fault(str(value))
        if fault is not None:
            raise expected(f"{self.expected}{fault}")
        return str(value)

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of the address."""
        return {"type": "string", "format": "uri", "pattern": f"^({'|'.join(self.schemes)})://[^@#]+$"}

    def _fault(self, address: str) -> str | None:
        """Return what to add to `expected`; None for a sound address."""
        if len(address) > _LONGEST_ADDRESS:
            return f" of at most {_LONGEST_ADDRESS} characters"
        if _VISIBLE.fullmatch(address) is None:
            return " in printable ASCII, without spaces"
        try:
            parts = urlsplit(address)
        except ValueError:
            return " with a valid host"
        if parts.scheme not in self.schemes or not parts.netloc:
            return ""
        if "@" in parts.netloc:
            return " without user and password"
        return " without a fragment (#)" if "#" in address else _host_fault(parts)


def _host_fault(parts: SplitResult) -> str | None:
    if not is_host(parts.hostname or ""):
        return " with a valid host"
    try:
        port = parts.port
    except ValueError:
        port = 0
    return " with a port from 1 to 65535" if port == 0 or parts.netloc.endswith(":") else None


class PathShape(PlacedShape):
    """A path; a relative one is relative to the settings file. Nothing is looked up: the file need not exist."""

    expected = "a path, absolute or relative to this file"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "minLength": 1}

    def read_at(self, value: object, directory: Path) -> Path:
        """Return the absolute path."""
        if isinstance(value, Path):
            return directory / value
        if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_PATH or "\0" in value:
            raise self.wrong()
        if value.startswith("~"):
            raise expected(f"{self.expected}; ~ is not expanded")
        return directory / value


class PatternShape(Shape):
    """A regular expression in RE2 syntax, which no input can slow down."""

    expected = f"a regular expression (RE2 syntax) of at most {_LONGEST_PATTERN} characters"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "maxLength": _LONGEST_PATTERN}

    def read(self, value: object) -> str:
        """Return the pattern as text; it compiles."""
        if not isinstance(value, str) or len(value) > _LONGEST_PATTERN:
            raise self.wrong()
        fault = _pattern_fault(str(value))
        if fault is not None:
            raise expected(f"{self.expected}{fault}")
        return str(value)


@lru_cache(maxsize=4096)
def is_host(text: str) -> bool:
    """Return whether this is a DNS name or an IP address, the latter without brackets."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return len(text) <= 253 and _HOST.fullmatch(text) is not None  # noqa: PLR2004 - RFC 1035's longest name
    return "%" not in text


@lru_cache(maxsize=4096)
def _pattern_fault(pattern: str) -> str | None:
    """Return what to add to `expected`, in RE2's words; None for a sound pattern."""
    import re2  # noqa: PLC0415 - it takes 3 MB, and many settings have no pattern

    options = re2.Options()
    options.log_errors = False  # its log would repeat the pattern
    try:
        re2.compile(pattern, options)
    except re2.error as fault:
        # Behind the colon it repeats what stands there: of that only what can't hold a secret.
        said = fault.args[0].decode("utf-8", "replace") if fault.args and isinstance(fault.args[0], bytes) else ""
        words, _, where = said.partition(": ")
        is_told = len(where) <= _SHORT_FRAGMENT and not where.isalnum() and where.isascii() and where.isprintable()
        return f"; RE2 says: {words}{f': {where}' if where and is_told else ''}" if words else ""
    except ValueError:  # text that has no UTF-8 form
        return ""
    return None


Name = Annotated[str, TextShape("a name of a-z, 0-9, - and _, at most 63 long", "[a-z0-9][a-z0-9_-]{0,62}")]
Label = Annotated[str, TextShape("a name of a-z, 0-9 and -, at most 63 long", "[a-z0-9][a-z0-9-]{0,62}")]
Switch = Annotated[bool, SwitchShape()]
Address = Annotated[str, AddressShape("http", "https")]
SecureAddress = Annotated[str, AddressShape("https")]
RelativePath = Annotated[Path, PathShape()]
Pattern = Annotated[str, PatternShape()]
JsonValue = Annotated[JsonScalar, JsonScalarShape()]
