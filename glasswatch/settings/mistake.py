"""A mistake in a settings file: where it is and what was expected there. Never what stands there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from glasswatch.errors import ExitCode, GlasswatchError

Place = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TELLABLE_KEY = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake. `line` and `column` count from 1; line 0 is the file as a whole. `path` is empty for the file."""

    file: str
    line: int
    column: int
    path: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return "  ".join(part for part in (place, self.path, self.expected) if part)


class SettingsFault(GlasswatchError):
    """An invalid settings file; `mistakes` holds every one of them, in the file's order. One line each as text."""

    exit_code = ExitCode.INVALID

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda m: (m.line, m.column, m.path, m.expected)))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def render_path(path: Place) -> str:
    """Return `platforms.payments.probes.portal.status[0]`; unusual keys are quoted, strange ones left out."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + _render_key(part)
    return text


def _render_key(key: str) -> str:
    if _PLAIN_KEY.fullmatch(key):
        return key
    # `{password:x}` and `{"Authorization: x"}` are keys to YAML: what does not look like one may be a secret.
    return f'"{key}"' if _TELLABLE_KEY.fullmatch(key) else '"…"'
