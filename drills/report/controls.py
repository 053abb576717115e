"""Reads the table of controls: ours, or the user's own of the same shape."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from drills.errors import TemplateFault
from drills.rules.controls import Control, Table
from drills.rules.parts import PARTS

_LARGEST: Final = 2**20


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    framework: str
    id: str
    line: str
    parts: tuple[str, ...]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    version: str
    note: str = ""
    controls: tuple[_Row, ...]


@cache
def shipped() -> Table:
    """Return the table that comes with glasswatch."""
    return _table(files("drills.report").joinpath("templates", "controls.json").read_bytes(), "controls.json")


def own(path: Path) -> Table:
    """Return a table from a file.

    Raises:
        TemplateFault: it can't be read, or is no such table.
    """
    try:
        return _table(path.read_bytes()[: _LARGEST + 1], str(path))
    except OSError as fault:
        raise TemplateFault(f"{path}: the table of controls can't be read: {fault.strerror}") from None


def _table(raw: bytes, place: str) -> Table:
    try:
        found = _File.model_validate_json(raw)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise TemplateFault(f"{place}: expected a table of controls: {where}: {first['msg']}") from None
    unknown = sorted({part for row in found.controls for part in row.parts} - PARTS.keys())
    if unknown:
        raise TemplateFault(
            f"{place}: expected parts of a drill, D0 to D12, D5R or D6R, and there is {unknown[0][:20]!r}"
        )
    controls = tuple(Control(row.framework, row.id, row.line, row.parts) for row in found.controls)
    return Table(found.version, hashlib.sha256(raw).hexdigest(), found.note, controls)
