"""The settings of a probe as they hold: what was written and every default, for showing.

Rules:
- A secret is its reference, `{env: NAME}`; of a command the program alone, because its arguments may hold more than
  they should. So is a header that is given by reference.
- What looks like a credential in plain text is hidden. So are bodies of requests: only their length is shown.
- What is not set, and has no default, is left out; so is what is empty.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Any

from glasswatch.durations import render
from glasswatch.redaction.redact import HIDDEN, Redactor, is_telling
from glasswatch.secrets import SecretReference
from glasswatch.settings.model import SettingsModel

_LONGEST = 2000
_BODIES = frozenset({"body", "form"})


def effective(settings: SettingsModel) -> dict[str, Any]:
    """Return the settings as JSON values, by the names they have in the file."""
    shown = {
        name: _shown(getattr(settings, field), name)
        for name, field in zip(type(settings).written_fields(), type(settings).model_fields, strict=True)
    }
    return {name: value for name, value in shown.items() if value is not None and value not in ({}, [])}


def _shown(value: object, name: str) -> Any:  # noqa: ANN401, PLR0911 - as many kinds of values as settings have
    if isinstance(value, SecretReference):
        return _reference(value)
    if isinstance(value, SettingsModel):
        return effective(value)
    if value is not None and name in _BODIES:
        return f"[{len(value) if isinstance(value, str | Mapping) else 1} long, not shown]"
    if isinstance(value, timedelta):
        return render(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): _member(each, str(key)) for key, each in value.items()}
    if isinstance(value, Sequence | frozenset | set) and not isinstance(value, str | bytes):
        return [_shown(each, name) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _CLEAR.text(str(value), _LONGEST)


def _member(value: object, key: str) -> Any:  # noqa: ANN401 - as above
    """Return what a mapping holds under a key of the user's choice: a header, a place in JSON, a probe's name."""
    return HIDDEN if isinstance(value, str) and is_telling(key) else _shown(value, key)


def _reference(reference: SecretReference) -> dict[str, Any]:
    ends = {"expires": reference.expires.isoformat()} if reference.expires is not None else {}
    return _place(reference) | ends


def _place(reference: SecretReference) -> dict[str, Any]:
    if reference.env is not None:
        return {"env": reference.env}
    if reference.file is not None:
        return {"file": str(reference.file)}
    program = (reference.command or ("",))[0]
    return {"command": [program, "…"] if len(reference.command or ()) > 1 else [program]}


_CLEAR = Redactor()
