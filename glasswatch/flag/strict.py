"""Strict reading of base64url and JSON: two readers of the same bytes must never see two documents.

- base64url without padding, white space, other alphabets or stray trailing bits (RFC 4648 section 3.5).
- JSON in UTF-8 without byte order mark, duplicate names, floats, NaN, Infinity or lone surrogates.
- Integers within 2**53 - 1 either way (RFC 7493), nesting of at most 16.
- A member has exactly the type asked for: `true` is not 1, and null only where null is allowed.

Every breach is `Malformed`; nothing else is raised, whatever the bytes. Which members there must be is the caller's.
"""

import base64
import binascii
import json
import string

from glasswatch.flag.errors import Malformed, RepeatedName, shown

MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1
MAX_SECONDS = 253_402_300_799  # 9999-12-31T23:59:59Z: whatever passes can be shown as a date
_INTEGER_CHARACTERS = 17  # a sign and the 16 digits of MAX_INTEGER
_DIGEST_CHARACTERS = 64
_HEX = frozenset(string.hexdigits.lower())


def encode_base64url(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def decode_base64url(text: bytes) -> bytes:
    """Return what `text` encodes; raise `Malformed` unless it is the one canonical encoding of it."""
    try:
        raw = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise Malformed("not base64url") from None
    # The library skips foreign characters and ignores stray bits: only a round trip shows that there were none.
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text:
        raise Malformed("not canonical base64url without padding")
    return raw


def loads(raw: bytes) -> object:
    """Return the JSON value that `raw` holds; raise `Malformed` unless it keeps every rule above."""
    try:
        value: object = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None
    _check_depth_and_text(value)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise RepeatedName(f"{shown(name)} stands there twice")
        members[name] = value
    return members


def _integer(digits: str) -> int:
    if len(digits) > _INTEGER_CHARACTERS or abs(value := int(digits)) > MAX_INTEGER:
        raise Malformed("a number is too large")
    return value


def _no_float(_: str) -> object:
    raise Malformed("a number is not an integer")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_no_float, parse_constant=_no_float
)


def _check_depth_and_text(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for item in level:
            if isinstance(item, dict):
                below += item
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, str) and not _is_text(item):
                raise Malformed("a text holds half a character")
        if not below:
            return
        level = below
    raise Malformed("nested too deeply")


def _is_text(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class Members:
    """A JSON object whose members are taken out by name and type. `where` is its path, empty at the top.

    Every method raises `Malformed` with the member's path and what was expected, never its value.
    """

    def __init__(self, value: object, where: str = "") -> None:
        if not isinstance(value, dict):
            raise Malformed(f"{where or 'the whole'} must be an object")
        self._members: dict[str, object] = value
        self._where = where

    def names(self) -> frozenset[str]:
        """Return the names of all members."""
        return frozenset(self._members)

    def path(self, name: str) -> str:
        """Return the path of a member, for messages."""
        return f"{self._where}.{name}" if self._where else name

    def has(self, name: str) -> bool:
        """Whether the member is there and not null."""
        return self._members.get(name) is not None

    def is_boolean(self, name: str) -> bool:
        """Whether the member is true or false."""
        return isinstance(self._members.get(name), bool)

    def boolean(self, name: str) -> bool:
        """Return true or false."""
        value = self._required(name)
        if isinstance(value, bool):
            return value
        raise Malformed(f"{self.path(name)} must be true or false")

    def is_null(self, name: str) -> bool:
        """Whether the member is null; a missing one is not."""
        return self._required(name) is None

    def text(self, name: str) -> str:
        """Return a text that is not empty."""
        value = self._required(name)
        if isinstance(value, str) and value:
            return value
        raise Malformed(f"{self.path(name)} must be a text")

    def text_or_none(self, name: str) -> str | None:
        """Return a text that is not empty, or None for null."""
        return None if self.is_null(name) else self.text(name)

    def one_of(self, name: str, choices: frozenset[str]) -> str:
        """Return a text that is one of `choices`."""
        value = self._required(name)
        if isinstance(value, str) and value in choices:
            return value
        raise Malformed(f"{self.path(name)} must be one of {', '.join(sorted(choices))}")

    def digest(self, name: str) -> str:
        """Return a SHA-256 in lower-case hex."""
        value = self._required(name)
        if isinstance(value, str) and len(value) == _DIGEST_CHARACTERS and _HEX.issuperset(value):
            return value
        raise Malformed(f"{self.path(name)} must be a SHA-256 in lower-case hex")

    def digest_or_none(self, name: str) -> str | None:
        """Return a SHA-256 in lower-case hex, or None for null."""
        return None if self.is_null(name) else self.digest(name)

    def count(self, name: str, most: int = MAX_INTEGER) -> int:
        """Return an integer between 0 and `most`."""
        value = self._required(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
            return value
        raise Malformed(f"{self.path(name)} must be an integer from 0 to {most}")

    def seconds(self, name: str) -> int:
        """Return a time in Unix seconds."""
        return self.count(name, MAX_SECONDS)

    def seconds_or_none(self, name: str) -> int | None:
        """Return a time in Unix seconds, or None for null."""
        return None if self.is_null(name) else self.seconds(name)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._required(name)
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        raise Malformed(f"{self.path(name)} must be a list of texts")

    def members(self, name: str) -> "Members":
        """Return an object."""
        return Members(self._required(name), self.path(name))

    def objects(self, name: str) -> tuple["Members", ...]:
        """Return a list of objects."""
        value = self._required(name)
        if not isinstance(value, list):
            raise Malformed(f"{self.path(name)} must be a list")
        return tuple(Members(item, f"{self.path(name)}[{index}]") for index, item in enumerate(value))

    def _required(self, name: str) -> object:
        try:
            return self._members[name]
        except KeyError:
            raise Malformed(f"{self.path(name)} is missing") from None
