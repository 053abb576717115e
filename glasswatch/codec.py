"""Frozen dataclasses to what JSON holds and back, driven by their fields' annotations.

- All fields are written, also those at their default: a default that changes later must not change what was stored.
- Read back strictly: a field we don't know was written by a newer version, a missing one must have a default, and a
  value of another type is damage. None of them is guessed at.
- Known types: dataclasses, string enums, str, int, float, bool, aware datetimes, timedeltas, tuples, mappings with
  text keys, and any of these or None. Another annotation is a mistake of ours and shows at the first use.
"""

# ruff: noqa: ANN401 - a codec is chosen by an annotation at run time, so its values have no type before

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
_MICROSECOND = timedelta(microseconds=1)
_SHOWN = 80  # characters of a name that a message may repeat


class Mismatch(Exception):
    """What was stored does not fit: the place (`.field`, `[item]`), a colon, and what was expected."""

    def within(self, place: str) -> "Mismatch":
        """Return the same, seen from one level further out."""
        return Mismatch(f"{place}{self}")

    @property
    def line(self) -> str:
        """Place and expectation as they are shown. Never the value."""
        return str(self).lstrip(".: ")


class _Codec(NamedTuple):
    encode: Callable[[Any], object]
    decode: Callable[[Any], Any]


def encode(value: object) -> object:
    """Return a dataclass as mappings, lists, text and numbers.

    Raises:
        TypeError, ValueError: a field holds what could not be read back.
    """
    return _codec(type(value)).encode(value)


def decode(kind: type[T], document: object) -> T:
    """Return the dataclass that `encode` made that of.

    Raises:
        Mismatch: it is damaged, or holds what this version doesn't know.
    """
    return cast("T", _codec(kind).decode(document))


def _codec(annotation: Any) -> _Codec:
    return _made(annotation)  # one step, because to mypy not every type can be hashed


@cache
def _made(annotation: Any) -> _Codec:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _optional(annotation, arguments)
    if origin is tuple:
        return _tuple(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(arguments)
    if isinstance(annotation, type):
        if issubclass(annotation, StrEnum):
            return _enum(annotation)
        if is_dataclass(annotation):
            return _dataclass(annotation)
    raise TypeError(f"no record can keep a {annotation}")


def _exact(kind: type, expected: str) -> _Codec:
    def encode_exact(value: Any) -> Any:
        # What would be refused when read back must fail here, while the caller is there to see it.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise TypeError(f"expected {expected}, not {type(value).__name__}")
        return value

    def decode_exact(value: Any) -> Any:
        # Not isinstance: true is an int.
        if type(value) is not kind:
            raise Mismatch(f": expected {expected}")
        return value

    return _Codec(encode_exact, decode_exact)


def _encode_float(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("expected a finite number")
    return float(value)


def _decode_float(value: Any) -> float:
    if type(value) not in (float, int):
        raise Mismatch(": expected a number")
    return float(value)


def _encode_time(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("expected an aware time")
    return value.astimezone(UTC).isoformat()


def _decode_time(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        pass
    raise Mismatch(": expected a time with its offset")


def _decode_duration(value: Any) -> timedelta:
    try:
        if type(value) is int:
            return value * _MICROSECOND
    except OverflowError:
        pass
    raise Mismatch(": expected a duration in microseconds")


_PLAIN: dict[Any, _Codec] = {
    str: _exact(str, "text"),
    int: _exact(int, "a whole number"),
    bool: _exact(bool, "true or false"),
    NoneType: _exact(NoneType, "nothing"),
    float: _Codec(_encode_float, _decode_float),
    datetime: _Codec(_encode_time, _decode_time),
    timedelta: _Codec(lambda value: value // _MICROSECOND, _decode_duration),
}


def _optional(annotation: Any, arguments: tuple[Any, ...]) -> _Codec:
    kinds = [argument for argument in arguments if argument is not NoneType]
    if len(kinds) != 1 or len(kinds) == len(arguments):
        raise TypeError(f"no record can keep a {annotation}")
    inner = _codec(kinds[0])
    return _Codec(
        lambda value: None if value is None else inner.encode(value),
        lambda value: None if value is None else inner.decode(value),
    )


def _enum(kind: type[StrEnum]) -> _Codec:
    members = {member.value: member for member in kind}

    def decode_member(value: Any) -> StrEnum:
        if type(value) is not str or value not in members:
            raise Mismatch(f": expected one of {', '.join(members)}")
        return members[value]

    return _Codec(lambda value: kind(value).value, decode_member)


def _decode_at(place: str, inner: Callable[[Any], Any], value: Any) -> Any:
    try:
        return inner(value)
    except Mismatch as mismatch:
        raise mismatch.within(place) from None


def _field(name: str) -> str:
    return f".{name}" if name.isidentifier() and len(name) <= _SHOWN else ".?"


def _item(name: str) -> str:
    return f"[{name}]" if name.isprintable() and len(name) <= _SHOWN else "[?]"


def _tuple(arguments: tuple[Any, ...]) -> _Codec:
    is_open = arguments[-1] is Ellipsis
    inner = [_codec(argument) for argument in arguments if argument is not Ellipsis]

    def encode_items(value: tuple[Any, ...]) -> list[object]:
        codecs = inner * len(value) if is_open else inner
        return [codec.encode(item) for codec, item in zip(codecs, value, strict=True)]

    def decode_items(value: Any) -> tuple[Any, ...]:
        if type(value) is not list or not (is_open or len(value) == len(inner)):
            raise Mismatch(": expected a list" if is_open else f": expected a list of {len(inner)}")
        codecs = inner * len(value) if is_open else inner
        pairs = enumerate(zip(codecs, value, strict=True))
        return tuple(_decode_at(f"[{place}]", codec.decode, item) for place, (codec, item) in pairs)

    return _Codec(encode_items, decode_items)


def _mapping(arguments: tuple[Any, ...]) -> _Codec:
    key, item = arguments
    if key is not str:
        raise TypeError("a record can keep mappings with text keys only")
    inner = _codec(item)

    def decode_items(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Mismatch(": expected a mapping")
        return {name: _decode_at(_item(name), inner.decode, part) for name, part in value.items()}

    return _Codec(lambda value: {str(name): inner.encode(part) for name, part in value.items()}, decode_items)


def _dataclass(kind: type[Any]) -> _Codec:
    hints = get_type_hints(kind)
    codecs = {field.name: _codec(hints[field.name]) for field in fields(kind)}
    required = {field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING}

    def encode_fields(value: Any) -> dict[str, object]:
        return {name: codec.encode(getattr(value, name)) for name, codec in codecs.items()}

    def decode_fields(value: Any) -> Any:
        if type(value) is not dict:
            raise Mismatch(": expected an object")
        unknown = sorted(value.keys() - codecs.keys())
        if unknown:
            raise Mismatch(f"{_field(unknown[0])}: not known to this version")
        missing = sorted(required - value.keys())
        if missing:
            raise Mismatch(f".{missing[0]}: missing")
        return kind(**{name: _decode_at(f".{name}", codecs[name].decode, part) for name, part in value.items()})

    return _Codec(encode_fields, decode_fields)
