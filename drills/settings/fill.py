"""Shapes of what steps run and send, in which `${name}` stands for a value: data, never a program or a host.

Text, headers and JSON have theirs in `glasswatch.settings.fill`; `drills.rules.fill` puts the values in.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from glasswatch.placeholders import is_stray, put, whole
from glasswatch.settings.fill import FillShape, HeaderFillShape, JsonFillShape
from glasswatch.settings.model import Finding
from glasswatch.settings.sentences import Words
from glasswatch.settings.shape import Shape, expected
from glasswatch.settings.shapes import AddressShape

__all__ = ["Argv", "FillShape", "HeaderFillShape", "JsonFillShape", "UrlFillShape", "wrong_program"]

_LONGEST_ARGUMENT = 32 * 1024


class ArgumentFillShape(Shape):
    """One argument: literal, or a value whole."""

    expected = "text without ${…}, or exactly ${name}: a value is an argument of its own"
    json: ClassVar[Mapping[str, object]] = {"type": "string"}

    def read(self, value: object) -> str:
        """Return the argument."""
        if not isinstance(value, str) or "\0" in value or len(value) > _LONGEST_ARGUMENT:
            raise self.wrong()
        if "${" in value and whole(value) is None:
            raise self.wrong()
        return str(value)


class UrlFillShape(Shape):
    """An address of which path and query may hold values: `address` is the shape of what stands there without them."""

    def __init__(self, address: AddressShape) -> None:
        self._address = address
        self.expected = f"{address.expected}, in whose path and query ${{name}} stands for a value"

    def read(self, value: object) -> str:
        """Return the address."""
        if not isinstance(value, str) or is_stray(value):
            raise self.wrong()
        text = str(value)
        self._address.read(put(text, lambda _: "value"))
        origin, _, query = text.partition("?")
        scheme, _, place = origin.partition("://")
        keys = (part.partition("=")[0] for part in query.split("&"))
        if any("${" in literal for literal in (scheme, place.partition("/")[0], *keys)):
            raise expected(f"{self._address.expected} with ${{name}} in its path and behind = of its query only")
        return text

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of the address."""
        return {"type": "string", "pattern": f"^({'|'.join(self._address.schemes)})://[^@#]+$"}


Argv = Annotated[
    tuple[Annotated[str, ArgumentFillShape()], ...],
    Field(min_length=1),
    Words("a list: an absolute program and its arguments, each a text or exactly ${name}"),
]


def wrong_program(argv: tuple[str, ...], *field: str) -> Iterable[Finding]:
    """Yield what is wrong with the program of a command line that stands in `field`: for a check of the model."""
    if argv and not (argv[0].startswith("/") and "${" not in argv[0]):
        yield (*field, 0), "expected the program's absolute path, without a value: nothing is searched for"
