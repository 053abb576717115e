"""What a single value in the settings must look like.

A shape is put into a field's `Annotated` type. It knows three things: the words for what is expected, how the text
from the file becomes the value, and its JSON Schema.

Rules:
- From a file every plain value arrives as text; a shape also takes the finished value, for settings made in code.
- A shape never repeats what it was given: its message says what was expected, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

SENTENCE: Final = "sentence"
# At the end of a path these mean the key, not its value; the second one is not to be named.
KEY: Final = "[key]"  # pydantic's own word for it
NAMELESS_KEY: Final = "[nameless key]"


class Plain(str):
    """Text that stood in the file without quotes, so that `3` and `"3"` can be told apart where it matters."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where settings come from: relative paths are relative to `directory`."""

    directory: Path


def sentence(text: str) -> PydanticCustomError:
    """Return the error that says exactly `text` about a value; never put the value into it."""
    return PydanticCustomError(SENTENCE, "{text}", {"text": text})


def expected(what: str) -> PydanticCustomError:
    """Return the error that says `what` was expected."""
    return sentence(f"expected {what}")


class Shape:
    """The form of a value. Subclasses say `expected`, read the value, and give its JSON Schema."""

    expected: str = "a value"
    json: ClassVar[Mapping[str, object]] = {}

    def read(self, value: object) -> object:
        """Return the value that was written; raises what `wrong` or `expected` return."""
        raise NotImplementedError

    def wrong(self) -> PydanticCustomError:
        """Return the error for anything this shape does not take."""
        return expected(self.expected)

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of what may be written in the file."""
        return dict(self.json)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's signature
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return self.schema()


class PlacedShape(Shape):
    """A shape whose value depends on where the settings file is."""

    def read_at(self, value: object, directory: Path) -> object:
        """Return the value that was written in a file of this directory; raises what `wrong` returns."""
        raise NotImplementedError

    def read(self, value: object) -> object:
        """Return the value as if it was written in a file of the working directory."""
        return self.read_at(value, Path.cwd())

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's signature
        def read(value: object, info: ValidationInfo) -> object:
            origin = info.context
            return self.read_at(value, origin.directory if isinstance(origin, Origin) else Path.cwd())

        return core_schema.with_info_plain_validator_function(read)
