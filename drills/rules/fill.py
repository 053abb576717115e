"""Puts values into what a step runs and sends: they are data wherever they are put.

Rules:
- `${name}` is replaced once; what a value holds is never looked at again.
- A command line: the program is literal, and an argument is `${name}` whole or holds none, so that a value is one
  argument and never two. One that begins with `-` is refused unless `--` stands before it: it would be an option.
- An address: a value stands in the path or behind a query's `=`, percent-encoded whole. Scheme, host, port and the
  query's keys are literal; nothing becomes an empty, `.` or `..` segment.
- JSON: a value is put into texts, and stays text. Keys are literal.
- A header: printable ASCII without blanks at its ends.
- No message repeats a value.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from drills.model.found import Value
from glasswatch import placeholders
from glasswatch.errors import NotMeasured

_PRINTABLE: Final = re.compile(r"[ -~]*")
_ORIGIN: Final = re.compile(r"https?://[^/?]*")

Values = Mapping[str, Value]


class Unfillable(NotMeasured):
    """A value can't be put where it is wanted. The message names it, and never holds it."""


def argv(template: Sequence[str], values: Values) -> tuple[str, ...]:
    """Return a command line with its values.

    Raises:
        Unfillable: one would be an option, or can't be an argument at all.
    """
    filled: list[str] = []
    for argument in template:
        name = placeholders.whole(argument)
        filled.append(argument if name is None else _argument(name, values, are_options_over="--" in filled))
    return tuple(filled)


def url(template: str, values: Values) -> str:
    """Return an address with its values; scheme, host and port are as they were written.

    Raises:
        Unfillable: a value would lead its path elsewhere.
    """
    found = _ORIGIN.match(template)
    origin = found[0] if found else ""
    return origin + target(template[len(origin) :], values)


def target(template: str, values: Values) -> str:
    """Return a path and its query with their values.

    Raises:
        Unfillable: a value would lead it elsewhere.
    """
    try:
        return placeholders.put_in_target(template, lambda name: _text(name, values))
    except placeholders.Detour:
        raise Unfillable("a value would lead the address's path elsewhere") from None


def header(template: str, values: Values) -> str:
    """Return a header's value with its values.

    Raises:
        Unfillable: it is nothing that a header can carry.
    """
    text = placeholders.put(template, lambda name: _text(name, values))
    if not _PRINTABLE.fullmatch(text) or text != text.strip():
        raise Unfillable("a value is nothing that a header can carry: expected printable ASCII")
    return text


def json_body(template: Any, values: Values) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with its values, all of them text."""
    return placeholders.put_in_json(template, lambda text: put(text, values))


def put(template: str, values: Values) -> str:
    """Return a text that people or programs read as text alone, with its values."""
    return placeholders.put(template, lambda name: _text(name, values))


def _text(name: str, values: Values) -> str:
    if name not in values:
        raise Unfillable(f"the value ${{{name}}} isn't there")
    return values[name].text


def _argument(name: str, values: Values, *, are_options_over: bool) -> str:
    text = _text(name, values)
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Unfillable(f"the value ${{{name}}} can't be an argument")
    if text.startswith("-") and not are_options_over:
        raise Unfillable(f"the value ${{{name}}} would be an option: it begins with -, and no -- stands before it")
    return text
