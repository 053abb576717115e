"""What a step's settings say, as its plan shows it: what the second person must see to approve it.

Rules:
- Of `with` and of what is captured everything that was written is shown; of `expect` that, and what holds without being
  written where access is not to be refused. Nested settings are named by their place, such as `headers.X-Reason`.
- Steps within a step (those of an undo, and the checks of a rotation) are shown as steps: a line, then their settings.
- A secret is a reference, and is shown as where it is read from. What is written down and looks like one, by its name
  or as a text, is hidden: it should not stand there.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Final

from drills.settings.step import StepSettings
from glasswatch.durations import render
from glasswatch.redaction.redact import HIDDEN, Redactor, is_telling
from glasswatch.secrets import SecretReference
from glasswatch.settings.model import SettingsModel

Shown = Mapping[str, Mapping[str, str]]
"""By section (`with`, `expects`, `captures`, `undone_by`, `tried`), by place, what stands there."""

_MOST: Final = 4096
_SECTIONS: Final = {"with": "what", "expects": "expect", "captures": "capture"}
_REDACTOR: Final = Redactor(())


def shown(step: StepSettings) -> Shown:
    """Return what a step's settings say, by section; those of which nothing is to be said are left out."""
    found = {section: dict(_section(step, section)) for section in _SECTIONS}
    found["undone_by"] = dict(_each("", step.undo))
    found["tried"] = {"": f"every {render(step.every)}, until it passes"} if step.every is not None else {}
    return {section: lines for section, lines in found.items() if lines}


def _section(step: StepSettings, section: str) -> Iterator[tuple[str, str]]:
    value = getattr(step, _SECTIONS[section], None)
    if isinstance(value, SettingsModel):
        yield from _model("", value, is_whole=section == "expects" and not step.refused)
    elif value:
        yield from _any("", value)


def _model(place: str, model: SettingsModel, *, is_whole: bool = False) -> Iterator[tuple[str, str]]:
    """Yield what a model says: what was written, or all that is not empty."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if name in model.model_fields_set or (is_whole and value not in (None, "", (), {}, False)):
            yield from _any(_under(place, field.alias or name), value)


def _any(place: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - whatever settings hold
    match value:
        case SecretReference():
            yield place, f"secret from {value}"
        case StepSettings():
            yield from _step(place, value)
        case SettingsModel():
            yield from _model(place, value)
        case Mapping() if value:
            for name, each in value.items():
                yield from _any(_under(place, str(name)), each)
        case tuple() | list() if any(isinstance(each, SettingsModel | Mapping) for each in value):
            yield from _each(place, value)
        case _:
            yield place, _text(place, value)


def _each(place: str, values: Sequence[Any]) -> Iterator[tuple[str, str]]:
    for number, value in enumerate(values, 1):
        yield from _any(_under(place, str(number)), value)


def _step(place: str, step: StepSettings) -> Iterator[tuple[str, str]]:
    yield place, f"{step.action}: {step.line}"
    for section, lines in shown(step).items():
        for inner, text in lines.items():
            yield _under(place, _under(section, inner)), text


def _text(place: str, value: Any) -> str:  # noqa: ANN401 - whatever settings hold
    name = place.rpartition(".")[2]
    if isinstance(value, str) and not isinstance(value, Enum):
        return HIDDEN if is_telling(name) and "${" not in value else _REDACTOR.text(_quoted(value), _MOST)
    return _REDACTOR.text(_plain(value), _MOST)


def _plain(value: Any) -> str:  # noqa: ANN401 - as above
    if isinstance(value, timedelta):
        return render(value)
    if isinstance(value, Enum | Path):
        return str(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(_listed(value))}]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _listed(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield _quoted(value) if isinstance(value, str) and not isinstance(value, Enum) else _plain(value)


def _quoted(text: str) -> str:
    """Return a text as it is, in quotes where it would be read as something else."""
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(text, ensure_ascii=False) if not text or text != text.strip() else text
    return json.dumps(text, ensure_ascii=False)


def _under(place: str, name: str) -> str:
    return f"{place}.{name}" if place and name else place or name
