"""Puts values into a request: they are data wherever they are put.

Rules:
- How `${name}` is replaced, in paths and queries too, is `glasswatch.placeholders`'s.
- In a JSON body a text that is nothing but `${name}` becomes the value with its own type; inside a longer text it is
  put in as text. In a form it is encoded as forms are.
- In a header a value with anything but printable ASCII, or with blanks at its ends, is refused.
- Method, header names, form and JSON keys, and everything left of the path, hold no values at all.
- A request is at most `LARGEST_REQUEST` bytes.
"""

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from glasswatch import placeholders
from platforms.errors import FaultKind, TransportFault
from platforms.journey.model import Ask, Json, Planned, Scalar, Values
from platforms.journey.rules.links import target_of

LARGEST_REQUEST: Final = 256 * 1024
_LONGEST_TARGET: Final = 16 * 1024
_PRINTABLE: Final = re.compile(r"[ -~]*")


class Unknown(LookupError):
    """A request names a value that isn't there. Journeys that were checked never raise it for a step."""


def filled(step: str, ask: Ask, values: Values, origin: str) -> Planned:
    """Return the request with its values.

    Raises:
        Unknown: a value isn't there.
        TransportFault: PROTOCOL, TOO_LARGE, REDIRECT: a value can't be put where it is wanted.
    """
    target = _target(ask.path, values) if ask.link is None else target_of(_text(_value(ask.link, values)), origin)
    if len(target) > _LONGEST_TARGET:
        raise TransportFault(FaultKind.TOO_LARGE, "the address would be longer than 16 KiB")
    headers = {name: _header(text, values) for name, text in ask.headers.items()}
    body = _body(ask, values)
    if ask.has_json:
        headers = _with(headers, "Content-Type", "application/json")
    elif ask.form is not None:
        headers = _with(headers, "Content-Type", "application/x-www-form-urlencoded")
    if len(body or b"") + sum(map(len, headers.values())) > LARGEST_REQUEST:
        raise TransportFault(FaultKind.TOO_LARGE, "the request would be larger than 256 KiB")
    return Planned(step, ask.method, target, headers, body)


def _value(name: str, values: Values) -> Scalar:
    if name not in values:
        raise Unknown(name)
    return values[name]


def _text(value: Scalar) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _put(text: str, values: Values) -> str:
    return placeholders.put(text, lambda name: _text(_value(name, values)))


def _target(path: str, values: Values) -> str:
    try:
        return placeholders.put_in_target(path, lambda name: _text(_value(name, values)))
    except placeholders.Detour:
        raise TransportFault(FaultKind.PROTOCOL, "a captured value would lead the path elsewhere") from None


def _header(text: str, values: Values) -> str:
    value = _put(text, values)
    if not _PRINTABLE.fullmatch(value) or value != value.strip():
        raise TransportFault(FaultKind.PROTOCOL, "a captured value is nothing that a header can carry")
    return value


def _with(headers: Mapping[str, str], name: str, value: str) -> dict[str, str]:
    is_given = any(given.lower() == name.lower() for given in headers)
    return dict(headers) if is_given else {**headers, name: value}


def _body(ask: Ask, values: Values) -> bytes | None:
    if ask.has_json:
        return json.dumps(_json(ask.json, values), ensure_ascii=False, allow_nan=False).encode()
    if ask.form is not None:
        return urlencode({name: _put(text, values) for name, text in ask.form.items()}).encode()
    return None


def _json(template: Json, values: Values) -> Json:
    def filled(text: str) -> Json:
        name = placeholders.whole(text)
        return _value(name, values) if name is not None else _put(text, values)

    filled_in: Json = placeholders.put_in_json(template, filled)
    return filled_in
