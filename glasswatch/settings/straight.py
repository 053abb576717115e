"""Paths as people are shown them: without `..`, and leading where the system leads.

A path that was written relative to a file stands as that file's directory and what was written, which is what the
system is asked for. Shown to people it says where that is. What stands before a `..` is followed through links, as the
system does, for otherwise it would be another place; behind the last `..` links stand as written.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from glasswatch.settings.model import SettingsModel

S = TypeVar("S", bound=SettingsModel)
_UP = ".."


def straight_path(path: Path) -> Path:
    """Return the same place without `..`. Only where there is one is anything looked up, and it need not exist."""
    parts = path.parts
    if _UP not in parts:
        return path
    behind = len(parts) - parts[::-1].index(_UP)
    return Path(os.path.realpath(Path(*parts[:behind]))).joinpath(*parts[behind:])


def straight(settings: S) -> S:
    """Return settings in which every path is as it is shown. They are for showing, not for use."""
    changed = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        shown = _straight(value)
        if shown is not value:
            changed[name] = shown
    return settings.model_copy(update=changed) if changed else settings


def _straight(value: Any) -> Any:  # noqa: ANN401 - whatever settings hold
    """Return a value with its paths straight: the same object where it has none."""
    if isinstance(value, Path):
        return straight_path(value)
    if isinstance(value, SettingsModel):
        return straight(value)
    if isinstance(value, tuple):
        every = tuple(_straight(each) for each in value)
        return every if any(new is not old for new, old in zip(every, value, strict=True)) else value
    if isinstance(value, Mapping):
        named = {key: _straight(each) for key, each in value.items()}
        return named if any(named[key] is not value[key] for key in named) else value
    return value
