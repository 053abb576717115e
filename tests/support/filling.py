"""Makes a value of any of our dataclasses with the same text in every place that can hold one."""

from dataclasses import is_dataclass
from datetime import datetime
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from tests.support.clock import START


def filled(kind: Any, text: str) -> Any:
    """Return a value of this type, every text in it this one. A place that may be empty is not."""
    if kind is str:
        return text
    if kind in {bool, int}:
        return kind(0)
    if kind is datetime:
        return START
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: filled(hint, text) for name, hint in get_type_hints(kind).items()})
    kinds = [each for each in get_args(kind) if each not in {NoneType, Ellipsis}]
    if get_origin(kind) is tuple:
        return tuple(filled(each, text) for each in kinds)
    return filled(kinds[0], text)
