"""Paths into a JSON document: `status`, `checks[0].state`, `[2].name`.

Rules:
- Names are separated by dots and hold anything but `.`, `[` and `]`; `[n]` takes the n-th element, from 0.
- A path leads to exactly one place: no wildcards, no search.
"""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final

from glasswatch.settings.shape import Shape

JsonPath = tuple[str | int, ...]

_LONGEST: Final = 500
_STEP = re.compile(r"\.?(?P<name>[^.\[\]\x00-\x1f]+)|\[(?P<index>0|[1-9][0-9]{0,6})\]")


def parse(text: str) -> JsonPath:
    """Return the steps of a path: names as text, indexes as numbers.

    Raises:
        ValueError: it isn't one; the message does not repeat the text.
    """
    steps: list[str | int] = []
    at = 0
    while at < len(text) <= _LONGEST:
        found = _STEP.match(text, at)
        # A dot belongs between names: it can't begin a path, and a name can't follow anything without one.
        if found is None or (found["name"] is not None and (text[at] == ".") != bool(steps)):
            break
        steps.append(found["name"] if found["name"] is not None else int(found["index"]))
        at = found.end()
    if at < len(text) or not steps:
        raise ValueError("expected a path such as status or checks[0].state")
    return tuple(steps)


class JsonPathShape(Shape):
    """A path into a JSON document."""

    expected = "a path such as status or checks[0].state"
    json: ClassVar[Mapping[str, object]] = {"type": "string"}

    def read(self, value: object) -> str:
        """Return the path as it was written; it parses."""
        if not isinstance(value, str):
            raise self.wrong()
        try:
            parse(value)
        except ValueError:
            raise self.wrong() from None
        return str(value)


JsonPathText = Annotated[str, JsonPathShape()]
