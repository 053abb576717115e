"""JSON as a judge reads it: what two programs could read in two ways is not JSON.

Rules:
- UTF-8; a byte order mark is skipped, as browsers do.
- A key given twice, NaN, Infinity and numbers of absurd length are refused.
- At most `MAX_VALUES` values, so that a server can't keep everybody else waiting: a megabyte of empty lists takes
  0.1 s to read and twenty times its size in memory. Commas and brackets are counted, those in text too.
- Nesting is bounded by the interpreter's own limit (about 1,000).
- No message repeats the document.
"""

import codecs
import json
from collections.abc import Sequence
from typing import Final, NoReturn

MAX_VALUES: Final = 50_000

NOTHING: Final = object()
"""What `find` returns where a document holds nothing."""


def parse(document: bytes) -> object:
    """Return the value.

    Raises:
        ValueError: it is not JSON, or not strict; the message says why in a few words.
    """
    if document.count(b",") + document.count(b"[") + document.count(b"{") > MAX_VALUES:
        raise ValueError("it holds too many values")
    try:
        text = document.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError:
        raise ValueError("it is empty" if not text.strip() else "it does not follow the grammar") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except _Refused as refused:
        raise ValueError(str(refused)) from None
    except ValueError:  # int() refuses numbers of thousands of digits
        raise ValueError("it holds a number that is too long") from None


def find(value: object, path: Sequence[str | int]) -> object:
    """Return what is at the end of a path of keys and indexes; `NOTHING` where it leads nowhere."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step, NOTHING)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return NOTHING
    return value


def is_same(expected: str | float | bool | None, found: object) -> bool:  # noqa: FBT001 - a JSON value, not a switch
    """Return whether two JSON scalars are of the same type and equal. 1 and 1.0 are the same number."""
    if isinstance(expected, bool) or expected is None:
        return found is expected
    if isinstance(expected, str):
        return isinstance(found, str) and found == expected
    return isinstance(found, int | float) and not isinstance(found, bool) and found == expected


class _Refused(ValueError):
    """Valid by the grammar, and refused all the same."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Refused("it holds a key twice")
    return made


def _constant(name: str) -> NoReturn:  # noqa: ARG001 - the hook's signature
    raise _Refused("it holds NaN or Infinity")


# Made once: making one takes longer than reading a short document.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
