"""Frozen dataclasses to JSON text and back, as the store keeps them (`glasswatch.codec`)."""

import json
from typing import TypeVar

from glasswatch import codec
from monitor.errors import StoreUnusable

T = TypeVar("T")


def encode(value: object) -> str:
    """Return a dataclass as one line of JSON.

    Raises:
        TypeError, ValueError: a field holds what could not be read back.
    """
    return json.dumps(codec.encode(value), allow_nan=False, separators=(",", ":"))


def decode(kind: type[T], text: str, *, what: str) -> T:
    """Return the dataclass that `encode` wrote. `what` names the row in the error.

    Raises:
        StoreUnusable: the text is damaged, or holds what this version doesn't know.
    """
    try:
        return codec.decode(kind, json.loads(text, parse_constant=_refuse_constant))
    except codec.Mismatch as mismatch:
        problem = mismatch.line
    except (ValueError, RecursionError):
        problem = "expected JSON"
    raise StoreUnusable(
        f"the store's record of {what} can't be read: {problem}; it is damaged or was written by a newer version: "
        "run that version, or restore a backup"
    )


def _refuse_constant(_name: str) -> object:
    raise codec.Mismatch(": expected a finite number")
