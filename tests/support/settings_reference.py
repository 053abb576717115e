"""The tables of docs/reference/settings.md as the models have them.

`python -m tests.support.settings_reference` prints them, to be put into the document when a model changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic.fields import FieldInfo

from glasswatch.durations import render
from glasswatch.settings.descriptions import descriptions
from glasswatch.settings.model import SettingsModel
from glasswatch.settings.registry import Choice, model_of
from glasswatch.settings.sections import models
from glasswatch.settings.sentences import describe

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"

HEADER = ("| Setting | Takes | Default | Meaning |", "|---|---|---|---|")


def reachable(*roots: type[SettingsModel]) -> list[type[SettingsModel]]:
    """Return models and every model that can stand somewhere below them, in the order they are met.

    Without one, those of every script that reads the settings file.
    """
    found = list(roots or models())
    for seen in found:
        for field in seen.model_fields.values():
            below = _below(field.annotation, tuple(field.metadata))
            found.extend(other for other in below if other not in found)
    return found


def table(model: type[SettingsModel]) -> list[str]:
    """Return a model's table, line by line."""
    said = descriptions(model)
    return [
        *HEADER,
        *(_row(field.alias or name, field, said.get(name, "")) for name, field in model.model_fields.items()),
    ]


def _row(name: str, field: FieldInfo, what_for: str) -> str:
    takes = describe(field).replace("|", "\\|")
    # The model has a default for settings made in code; a file must choose.
    default = "required" if name == "type" else _default(field)
    return f"| `{name}` | {takes} | {default} | {what_for} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return _written(field.get_default(call_default_factory=True))


def _written(value: object) -> str:
    if isinstance(value, SettingsModel):
        return "its own defaults"
    if value is None or value in ({}, (), ""):
        return "none"
    if isinstance(value, tuple) and isinstance(value[0], Enum) and len(value) == len(type(value[0])):
        return "all of them"
    return f"`{_yaml(value)}`"


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return render(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_yaml(item) for item in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str) and "{" in value:
        return f'"{value}"'
    assert isinstance(value, str | int) or is_dataclass(value), type(value)
    return str(value)


def _below(annotation: Any, metadata: tuple[object, ...] = ()) -> Iterator[type[SettingsModel]]:
    choice = next((item for item in metadata if isinstance(item, Choice)), None)
    if choice is not None:
        yield from (model_of(entry.settings) for entry in choice.entries.values())
    elif isinstance(annotation, type) and issubclass(annotation, SettingsModel):
        yield annotation
    elif hasattr(annotation, "__metadata__"):
        yield from _below(annotation.__origin__, annotation.__metadata__)
    else:
        for part in get_args(annotation):
            if part not in (NoneType, Ellipsis):
                yield from _below(part)


if __name__ == "__main__":
    for each in reachable():
        print(f"\n### {each.__name__}\n", *table(each), sep="\n")  # noqa: T201 - its purpose
