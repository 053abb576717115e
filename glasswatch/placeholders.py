"""`${name}` in what is sent and run: found, and replaced by data that stays data.

Rules:
- `${name}` is replaced once; what a value holds is never looked at again, so a `${x}` in it stays those characters.
- In a path and its query a value is percent-encoded, whole. Nothing there may become an empty, `.` or `..` segment,
  however it is spelled: servers that tidy paths would be led elsewhere.
- In JSON it is put into texts, never into keys.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

_NAME: Final = re.compile(r"\$\{([a-z][a-z0-9_]{0,62})\}")

ValueOf = Callable[[str], str]


class Detour(ValueError):
    """A value would make a path lead elsewhere."""


def names_in(template: object) -> frozenset[str]:
    """Return the names in a text, or in all texts of a JSON value."""
    return frozenset(name for text in texts_in(template) for name in _NAME.findall(text))


def texts_in(template: object) -> Iterable[str]:
    """Yield every text of a JSON value, keys left out."""
    if isinstance(template, str):
        yield template
    elif isinstance(template, Mapping):
        for part in template.values():
            yield from texts_in(part)
    elif isinstance(template, list | tuple):
        for part in template:
            yield from texts_in(part)


def is_stray(text: str) -> bool:
    """Whether something in a text looks like `${name}` and isn't."""
    return "${" in _NAME.sub("", text)


def whole(text: str) -> str | None:
    """Return the name in a text that is nothing but `${name}`; None for any other."""
    found = _NAME.fullmatch(text)
    return found[1] if found else None


def put(text: str, value_of: ValueOf) -> str:
    """Return a text with its values."""
    return _NAME.sub(lambda found: value_of(found[1]), text)


def put_in_target(target: str, value_of: ValueOf) -> str:
    """Return a path with its query, or either alone, with values percent-encoded.

    Raises:
        Detour: a segment with a value in it would be empty or dots.
    """

    def encoded(found: re.Match[str]) -> str:
        return quote(value_of(found[1]), safe="")

    way, mark, query = target.partition("?")
    filled_way = _NAME.sub(encoded, way)
    # Encoded values hold no slash, so segments match.
    for before, after in zip(way.split("/"), filled_way.split("/"), strict=True):
        if before != after and unquote(after) in {"", ".", ".."}:
            raise Detour("a value would lead the path elsewhere")
    return filled_way + mark + _NAME.sub(encoded, query)


def put_in_json(template: Any, filled: Callable[[str], Any]) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value in which each text is what `filled` makes of it."""
    if isinstance(template, str):
        return filled(template)
    if isinstance(template, Mapping):
        return {key: put_in_json(part, filled) for key, part in template.items()}
    if isinstance(template, list | tuple):
        return [put_in_json(part, filled) for part in template]
    return template
