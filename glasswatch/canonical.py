"""Canonical JSON (RFC 8785): one value, one sequence of bytes, so that a hash means the same everywhere."""

import json
from typing import Final, NoReturn

import rfc8785

MOST: Final = 2**53 - 1  # the largest whole number that every reader of JSON holds exactly
_SURROGATES: Final = "\ud800"


def canonical(value: object) -> bytes:
    """Return the one way to write this JSON value: mappings, lists, text, whole numbers, floats, true, false, null.

    Raises:
        ValueError: it holds something JSON has no canonical form for: NaN, an integer beyond 2**53, another type.
    """
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # checked by the call itself
    except rfc8785.CanonicalizationError:
        # The library's message repeats the value, which may be somebody's secret.
        raise ValueError("expected a JSON value without NaN, huge integers or types of our own") from None


def read(document: bytes) -> object:
    """Return the value of these bytes, which must be its canonical form: nothing else is read.

    A float that is whole is written as a whole number, and comes back as one.

    Raises:
        ValueError: they are not; the message does not repeat them.
    """
    floats: list[str] = []

    def read_float(text: str) -> float:
        floats.append(text)
        return float(text)

    decoder = json.JSONDecoder(parse_float=read_float, parse_int=_integer, parse_constant=_refuse)
    try:
        text = document.decode()
        value: object = decoder.decode(text)
        is_canonical = document == _written(value, text, has_floats=bool(floats))
    except (ValueError, RecursionError):
        is_canonical, value = False, None
    if not is_canonical:
        raise ValueError("expected JSON in its canonical form")
    return value


def _written(value: object, text: str, *, has_floats: bool) -> bytes:
    """Return the canonical form of what was read from a text.

    The library takes ten times as long as the interpreter's own writer, which differs from it in two things: how it
    writes floats, and how it sorts names beyond the letters that UTF-16 writes as one.
    """
    if has_floats or max(text) >= _SURROGATES:
        return canonical(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


def _integer(digits: str) -> int:
    value = int(digits)
    if abs(value) > MOST:
        raise ValueError("a number is too large")
    return value


def _refuse(_name: str) -> NoReturn:
    raise ValueError("expected a finite number")
