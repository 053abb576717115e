"""What is said about a mistake: a sentence made from the kind of mistake, never from the value.

Rules:
- Our own errors (`shape.sentence`) say their sentence already.
- pydantic's errors are told by their type, from one table; a type that is not in it gets a plain "expected …" made
  from the field itself.
- A wrong key is answered with the right ones when they are few, and with the nearest when there is one.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from glasswatch.settings.shape import KEY, NAMELESS_KEY

_FEW = 15
_SETTING = re.compile("[A-Za-z_]{1,40}")
_NEAR = 0.75  # of 1, by difflib's measure: `1.1` is not a misspelt `1.3`


@dataclass(frozen=True, slots=True)
class Words:
    """Marks a field with the words for what it takes, where its type alone does not say."""

    expected: str


# pydantic's error type → what is said. `{what}` is the field's own words.
_SENTENCES: Mapping[str, str] = {
    "missing": "is required: expected {what}",
    "model_type": "expected {what}",
    "dict_type": "expected {what}",
    "mapping_type": "expected {what}",
    "tuple_type": "expected {what}",
    "list_type": "expected {what}",
    "literal_error": "expected {what}",
    "too_short": "expected {what}",
}


def tell(kind: str, what: str) -> str:
    """Return the sentence for one pydantic error of this kind on a field that is described by `what`."""
    return _SENTENCES.get(kind, "expected {what}").format(what=what)


def unknown_key(key: str, known: Sequence[str]) -> tuple[str, str]:
    """Return how the path to a key that nothing reads ends, and what is said about it.

    `{token}` and `{a:b}` are keys to YAML, so one that does not look like a setting's name is not named.
    """
    is_named = _SETTING.fullmatch(key) is not None
    text = "is not a setting here" if is_named else "holds a key that is not a setting"
    if len(known) <= _FEW:
        text += f": expected {one_of(known)}"
    return KEY if is_named else NAMELESS_KEY, text + _nearest(key, known)


def unknown_choice(given: object, known: Sequence[str], what: str = "a name from the list") -> str:
    """Return what is said about a name that is not one of a list; `what` they are is said where they are many."""
    if len(known) == 1:
        return f"expected {known[0]}"
    return f"expected {one_of(known) if len(known) <= _FEW else what}" + _nearest(given, known)


def _nearest(given: object, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(given, known, n=1, cutoff=_NEAR) if isinstance(given, str) else []
    return f"; did you mean {near[0]}?" if near else ""


def one_of(names: Iterable[str]) -> str:
    """Return `one of: a, b`, or the name alone where there is no choice."""
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"one of: {', '.join(listed)}"


def describe(field: FieldInfo) -> str:
    """Return the words for what a field takes."""
    return _describe(field.annotation, field.metadata)


def _describe(annotation: Any, metadata: Sequence[object] = ()) -> str:  # noqa: ANN401 - any type can annotate a field
    words = next((item.expected for item in metadata if hasattr(item, "expected")), None)
    if words is not None:
        return str(words)
    if hasattr(annotation, "__metadata__"):
        return _describe(annotation.__origin__, annotation.__metadata__)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return str(getattr(annotation, "expected", "a mapping"))
    return _describe_generic(get_origin(annotation), get_args(annotation))


def _describe_generic(origin: Any, arguments: Sequence[Any]) -> str:  # noqa: ANN401 - as above
    if origin in (Union, UnionType):
        return _describe(next(part for part in arguments if part is not NoneType))
    if origin is Literal:
        return one_of(str(choice) for choice in arguments)
    if origin is tuple:
        return f"a list of {_describe(arguments[0])}"
    if origin is Mapping:
        return "a mapping"
    return "a value"
