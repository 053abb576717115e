"""Registries: one literal table from a name to what is loaded when the name is used.

Rules:
- An entry names its settings model and its maker as `module:attribute`; neither is imported before it is needed.
- Settings that may be of several types are read by the model which one of their keys names: by its value (`Choice`:
  `type: http`), or by being there (`KeyChoice`: `file: …`). Adding a type is one line in the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

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
    return getattr(import_module(module), attribute)


def model_of(target: str) -> type[SettingsModel]:
    """Import and return the settings model that `module:attribute` names."""
    model = load(target)
    if not (isinstance(model, type) and issubclass(model, SettingsModel)):
        raise TypeError(f"{target} is not a settings model")
    return model


class FromRegistry:
    """Marks a field whose model is chosen from a registry. Subclasses say how."""

    def __init__(self, entries: Mapping[str, Entry], what: str) -> None:
        self.entries = entries
        self.expected = what

    def read(self, value: object, info: ValidationInfo) -> SettingsModel:
        """Return the settings, read by the model that was chosen."""
        if isinstance(value, SettingsModel):
            return value
        if not isinstance(value, Mapping):
            raise expected(self.expected)
        return model_of(self.chosen(value).settings).model_validate(value, context=info.context)

    def chosen(self, value: Mapping[str, object]) -> Entry:
        """Return the entry that was chosen; raises what is to be said where none was."""
        raise NotImplementedError

    def schema_of(self, _name: str, schema: JsonSchemaValue) -> JsonSchemaValue:
        """Return the schema of one choice."""
        return schema

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's signature
        return core_schema.with_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "oneOf": [
                self.schema_of(name, handler(model_of(entry.settings).__pydantic_core_schema__))
                for name, entry in self.entries.items()
            ]
        }


class KeyChoice(FromRegistry):
    """Marks a field whose model is chosen by which of the registry's names is among its keys: exactly one."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        super().__init__(entries, f"a mapping with exactly one of: {', '.join(entries)}")

    def chosen(self, value: Mapping[str, object]) -> Entry:
        """Return the entry whose name is there."""
        names = [name for name in self.entries if name in value]
        if len(names) != 1:
            raise expected(f"exactly one of: {', '.join(self.entries)}")
        return self.entries[names[0]]


class Choice(FromRegistry):
    """Marks a field whose model is chosen by the value of one of its keys."""

    def __init__(self, key: str, entries: Mapping[str, Entry], default: str | None = None) -> None:
        super().__init__(entries, f"a mapping whose {key} is {one_of(entries)}")
        self.key = key
        self.default = default

    def chosen(self, value: Mapping[str, object]) -> Entry:
        """Return the entry that the key names."""
        chosen = value.get(self.key, self.default)
        if chosen is None and self.key not in value:
            raise self._wrong(sentence(f"is required: expected {one_of(self.entries)}"))
        entry = self.entries.get(chosen) if isinstance(chosen, str) else None
        if entry is None:
            raise self._wrong(sentence(unknown_choice(chosen, tuple(self.entries))))
        return entry

    def schema_of(self, name: str, schema: JsonSchemaValue) -> JsonSchemaValue:
        """Return the schema of one choice, in which the key that chooses it must be given unless it is the default."""
        required = [*schema.get("required", ())]
        return schema if name == self.default else {**schema, "required": [self.key, *required]}

    def _wrong(self, error: PydanticCustomError) -> ValidationError:
        return ValidationError.from_exception_data(
            "choice", [{"type": error, "loc": (self.key,), "input": None}], hide_input=True
        )
