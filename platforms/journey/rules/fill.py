"""Puts values into a request: they are data wherever they are put.

Rules:
- `${name}` is replaced once; what a value holds is never looked at again, so a captured `${x}` stays those four
  characters.
- In a path and its query a value is percent-encoded, whole. Nothing there may become an empty, `.` or `..` segment,
  however it is spelled: servers that tidy paths would be led elsewhere.
- In a JSON body a text that is nothing but `${name}` becomes the value with its own type; inside a longer text it is
  put in as text. In a form it is encoded as forms are.
- In a header a value with anything but printable ASCII, or with blanks at its ends, is refused.
- Method, header names, form and JSON keys, and everything left of the path, hold no values at all.
- A request is at most `LARGEST_REQUEST` bytes.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote, unquote, urlencode

from platforms.errors import FaultKind, TransportFault
from platforms.journey.model import Ask, Json, Planned, Scalar, Values
from platforms.journey.rules.links import target_of

LARGEST_REQUEST: Final = 256 * 1024
_LONGEST_TARGET: Final = 16 * 1024
_NAME: Final = re.compile(r"\$\{([a-z][a-z0-9_]{0,62})\}")
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


def names_in(ask: Ask) -> frozenset[str]:
    """Return the names of all values that a request needs."""
    texts = [ask.path, *ask.headers.values(), *(ask.form or {}).values(), *_strings(ask.json)]
    found = {name for text in texts for name in _NAME.findall(text)}
    return frozenset(found | {ask.link}) if ask.link is not None else frozenset(found)


def names_in_path(ask: Ask) -> frozenset[str]:
    """Return the names of the values that would stand in the address."""
    return frozenset(_NAME.findall(ask.path)) | ({ask.link} if ask.link is not None else frozenset())


def stray(text: str) -> bool:
    """Return whether something in a text looks like `${name}` and isn't."""
    return "${" in _NAME.sub("", text)


def _value(name: str, values: Values) -> Scalar:
    if name not in values:
        raise Unknown(name)
    return values[name]


def _text(value: Scalar) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _put(text: str, values: Values) -> str:
    return _NAME.sub(lambda found: _text(_value(found[1], values)), text)


def _target(path: str, values: Values) -> str:
    def encoded(found: re.Match[str]) -> str:
        return quote(_text(_value(found[1], values)), safe="")

    way, mark, query = path.partition("?")
    filled_way = _NAME.sub(encoded, way)
    if way != filled_way:
        _refuse_detours(way, filled_way)
    return filled_way + mark + _NAME.sub(encoded, query)


def _refuse_detours(way: str, filled_way: str) -> None:
    """Refuse a segment with a value in it that is empty or dots: encoded values hold no slash, so segments match."""
    for before, after in zip(way.split("/"), filled_way.split("/"), strict=True):
        if before != after and unquote(after) in {"", ".", ".."}:
            raise TransportFault(FaultKind.PROTOCOL, "a captured value would lead the path elsewhere")


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
    if isinstance(template, str):
        whole = _NAME.fullmatch(template)
        return _value(whole[1], values) if whole else _put(template, values)
    if isinstance(template, Mapping):
        return {key: _json(part, values) for key, part in template.items()}
    if isinstance(template, list | tuple):
        return [_json(part, values) for part in template]
    return template


def _strings(template: Json) -> Iterable[str]:
    if isinstance(template, str):
        yield template
    elif isinstance(template, Mapping):
        for part in template.values():
            yield from _strings(part)
    elif isinstance(template, list | tuple):
        for part in template:
            yield from _strings(part)
