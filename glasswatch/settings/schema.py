"""A JSON Schema of the settings file, for editors. It says less than we check: editors can't ask across fields."""

from collections.abc import Iterable
from dataclasses import is_dataclass
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core.core_schema import ModelSchema, WithDefaultSchema

from glasswatch.durations import render
from glasswatch.settings.descriptions import descriptions
from glasswatch.settings.model import SettingsModel

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Schema(GenerateJsonSchema):
    """Writes defaults as they would be written in the file, and what each setting is for."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        model = schema["cls"]
        if issubclass(model, SettingsModel):
            for name, text in descriptions(model).items():
                found["properties"][model.model_fields[name].alias or name]["description"] = text
        return found

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        if isinstance(schema.get("default"), SettingsModel):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401 - pydantic's signature
        if isinstance(dft, timedelta):
            return render(dft)
        return super().encode_default(str(dft) if is_dataclass(dft) else dft)


def json_schema(models: Iterable[type[SettingsModel]], title: str = "glasswatch settings") -> dict[str, Any]:
    """Return one schema for a file that may hold the sections of all these models."""
    mode: JsonSchemaMode = "validation"
    listed = [(model, mode) for model in models]
    references, definitions = models_json_schema(listed, schema_generator=_Schema)
    known = definitions.get("$defs", {})
    roots = [known.pop(references[key]["$ref"].rpartition("/")[2]) for key in listed]
    return {
        "$schema": _DIALECT,
        "title": title,
        "type": "object",
        "properties": {name: schema for root in roots for name, schema in root["properties"].items()},
        "required": sorted({name for root in roots for name in root.get("required", ())}),
        "additionalProperties": False,
        "$defs": known,
    }
