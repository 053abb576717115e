"""Shapes of templates: text, paths, headers and JSON in which `${name}` stands for a value."""

from collections.abc import Mapping
from typing import Any, ClassVar

from glasswatch.placeholders import is_stray
from glasswatch.settings.shape import Shape
from glasswatch.settings.shapes import JsonScalarShape

_LONGEST_TEXT = 4096
_DEEPEST = 20


class FillShape(Shape):
    """Text in which `${name}` stands for a value."""

    expected = f"text of at most {_LONGEST_TEXT} characters, in which ${{name}} stands for a value"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "maxLength": _LONGEST_TEXT}

    def read(self, value: object) -> str:
        """Return the text."""
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT or is_stray(value):
            raise self.wrong()
        return str(value)


class PathFillShape(FillShape):
    """Path and query of a request, from one slash on."""

    expected = "a path with its query, such as /requests/${request}?full=1"
    json: ClassVar[Mapping[str, object]] = {"type": "string", "pattern": "^/"}

    def read(self, value: object) -> str:
        """Return the path."""
        text = super().read(value)
        printable = all("!" <= letter <= "~" for letter in text)
        if not text.startswith("/") or text.startswith("//") or not printable or set(text) & set("#\\"):
            raise self.wrong()
        return text


class HeaderFillShape(FillShape):
    """The value of a header that is sent."""

    expected = "text of printable ASCII, in which ${name} stands for a value"

    def read(self, value: object) -> str:
        """Return the text."""
        text = super().read(value)
        if not all(" " <= letter <= "~" for letter in text) or text != text.strip():
            raise self.wrong()
        return text


class JsonFillShape(Shape):
    """A JSON document in whose texts `${name}` stands for a value."""

    expected = "a JSON value, in whose texts (not keys) ${name} stands for a value"
    _scalar = JsonScalarShape()
    _fill = FillShape()

    def read(self, value: object) -> Any:  # noqa: ANN401 - any JSON value
        """Return the document."""
        return self._read(value, 0)

    def _read(self, value: object, depth: int) -> object:
        if depth > _DEEPEST:
            raise self.wrong()
        if isinstance(value, Mapping):
            if any(not isinstance(key, str) or "${" in key for key in value):
                raise self.wrong()
            return {str(key): self._read(part, depth + 1) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self._read(part, depth + 1) for part in value]
        scalar = self._scalar.read(value)
        return self._fill.read(scalar) if isinstance(scalar, str) else scalar
