"""Registries: one literal table from a name to what is loaded when the name is used.

Rules:
- A model is chosen by the value of a key (`Choice`: `type: http`) or by which key is there (`KeyChoice`: `file: …`).
- An entry names its settings model and its maker as `module:attribute`; neither is imported before it is needed.
- Settings that may be of several types (`Choice`) are read by the model which their `type` names. Adding a type is
  one line in the table.
- Where the type is wrong, what all types have in common is judged all the same: the model that the field names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from glasswatch.interrupt import Loading
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.sentences import one_of, unknown_choice
from glasswatch.settings.shape import expected, sentence


@dataclass(frozen=True, slots=True)
class Entry:
    """One name of a registry: `settings` and `make` as `module:attribute`; `make` is empty where nothing is made."""

    settings: str
    make: str = ""


@lru_cache(maxsize=256)
def load(target: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Import and return what `module:attribute` names."""
    module, _, attribute = target.partition(":")
    with Loading():
        return getattr(import_module(module), attribute)


def model_of(target: str) -> type[SettingsModel]:
    """Import and return the settings model that `module:attribute` names."""
    model = load(target)
    if not (isinstance(model, type) and issubclass(model, SettingsModel)):
        raise TypeError(f"{target} is not a settings model")
    return model


class Choice:
    """Marks a field whose model is chosen by one of its keys, from a registry."""

    def __init__(self, key: str, entries: Mapping[str, Entry], default: str | None = None) -> None:
        self.key = key
        self.entries = entries
        self.default = default
        self.expected = f"a mapping whose {key} is {one_of(entries)}"

    def read(self, value: object, info: ValidationInfo, common: Any = None) -> SettingsModel:  # noqa: ANN401 - an annotation may be anything
        """Return the settings, read by the model their key names; `common`: the model that all of them are built on."""
        if isinstance(value, SettingsModel):
            return value
        if not isinstance(value, Mapping):
            raise expected(self.expected)
        chosen = value.get(self.key, self.default)
        if chosen is None and self.key not in value:
            raise self._wrong(sentence(f"is required: expected {one_of(self.entries)}"), value, info, common)
        entry = self.entries.get(chosen) if isinstance(chosen, str) else None
        if entry is None:
            raise self._wrong(sentence(unknown_choice(chosen, tuple(self.entries))), value, info, common)
        return model_of(entry.settings).model_validate(value, context=info.context)

    def _wrong(
        self,
        error: PydanticCustomError,
        value: Mapping[str, object],
        info: ValidationInfo,
        common: Any,  # noqa: ANN401 - an annotation may be anything
    ) -> ValidationError:
        lines: list[InitErrorDetails] = [{"type": error, "loc": (self.key,), "input": None}]
        if isinstance(common, type) and issubclass(common, SettingsModel):
            lines += self._in_common(common, value, info)
        return ValidationError.from_exception_data("choice", lines, hide_input=True)

    def _in_common(
        self, common: type[SettingsModel], value: Mapping[str, object], info: ValidationInfo
    ) -> Iterator[InitErrorDetails]:
        """Yield what is wrong whatever the type; which other keys there are, the type would say."""
        fields = common.written_fields()
        written = {key: each for key, each in value.items() if key in fields and key != self.key}
        try:
            common.model_validate(written, context=info.context)
        except ValidationError as error:
            for detail in error.errors(include_url=False, include_input=False):
                place = detail["loc"]
                is_left = len(place) == 1 and place[0] not in written and place[0] in common.left_to_types
                if place[:1] != (self.key,) and not is_left:
                    yield {"type": sentence(detail["msg"]), "loc": place, "input": None}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's signature
        return core_schema.with_info_plain_validator_function(lambda value, info: self.read(value, info, source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "oneOf": [
                self._choice(name, handler(model_of(entry.settings).__pydantic_core_schema__))
                for name, entry in self.entries.items()
            ]
        }

    def _choice(self, name: str, schema: JsonSchemaValue) -> JsonSchemaValue:
        """Return the schema of one choice, in which the key that chooses it must be given unless it is the default."""
        required = [*schema.get("required", ())]
        return schema if name == self.default else {**schema, "required": [self.key, *required]}


class KeyChoice(Choice):
    """Marks a field whose model is chosen by which of the registry's names is among its keys: exactly one."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        super().__init__("", entries)
        self.expected = f"a mapping with exactly one of: {', '.join(entries)}"

    def read(self, value: object, info: ValidationInfo, common: Any = None) -> SettingsModel:  # noqa: ANN401 - as above
        """Return the settings, read by the model whose key is there."""
        del common  # without a kind there is nothing that could be judged
        if isinstance(value, SettingsModel):
            return value
        if not isinstance(value, Mapping):
            raise expected(self.expected)
        names = [name for name in self.entries if name in value]
        if len(names) != 1:
            raise expected(f"exactly one of: {', '.join(self.entries)}")
        return model_of(self.entries[names[0]].settings).model_validate(value, context=info.context)

    def _choice(self, _name: str, schema: JsonSchemaValue) -> JsonSchemaValue:
        return schema  # its key is required already
