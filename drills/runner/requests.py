"""What other terminals ask of a run: files in its directory, each put there whole.

    stop                 `drill stop`: end the run now, and clean up
    confirm/STEP.json    `drill confirm`: what a person says of a manual step
    confirm/STEP.file    the file that was handed in with it

Who may write there is who may run drills: the directory is 0700. The process that works on the run looks twice a
second, takes what it finds, and removes it. Who asked is on record by the login that wrote the file.
"""

import json
import os
import pwd
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from glasswatch import files
from glasswatch.sidethread import SideThread

T = TypeVar("T")

STOP: Final = "stop"
CONFIRM: Final = "confirm"
LARGEST_FILE: Final = 8 * 2**20
EVERY: Final = 0.4
"""Seconds between two looks."""
_PATIENCE: Final = timedelta(seconds=5)
_LARGEST: Final = 64 * 1024
_FILE_MODE: Final = 0o600
_MODE: Final = 0o700
_FIELDS: Final = {"person": str, "is_yes": bool, "note": str, "file": str}


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says of a manual step; `file` is the name of the file that was handed in, empty without one."""

    person: str
    is_yes: bool
    note: str = ""
    file: str = ""


class Looking:
    """Looks for requests in a thread of its own: a disk that hangs holds up no step, and no clean-up."""

    def __init__(self) -> None:
        self._thread = SideThread("drill-requests")

    async def at(self, look: Callable[[], T]) -> T | None:
        """Return what a look finds; None where the disk gives no answer."""
        try:
            return await self._thread.run(look, _PATIENCE)
        except (TimeoutError, OSError):
            return None


def ask_to_stop(directory: Path) -> None:
    """Ask a run to stop.

    Raises:
        OSError: it can't be written.
    """
    files.replace(directory / STOP, b"stop\n", _FILE_MODE)


def stop_asked(directory: Path) -> str | None:
    """Return whose login asked the run to stop; None where nobody did."""
    try:
        return _login((directory / STOP).lstat().st_uid)
    except OSError:  # a directory that is gone asks for nothing; the journal will tell
        return None


def say(directory: Path, step: str, word: Word, content: bytes | None = None) -> None:
    """Hand in what a person says of a step.

    Raises:
        OSError: it can't be written.
    """
    place = directory / CONFIRM
    place.mkdir(mode=_MODE, exist_ok=True)
    if content is not None:
        files.replace(place / f"{step}.file", content, _FILE_MODE)
    files.replace(place / f"{step}.json", json.dumps(asdict(word)).encode(), _FILE_MODE)


def said(directory: Path, step: str) -> tuple[Word, bytes | None, str] | None:
    """Take what was handed in of a step: the word, the file's content, and whose login wrote it; None for nothing."""
    path, file = (directory / CONFIRM / f"{step}{suffix}" for suffix in (".json", ".file"))
    try:
        login = _login(path.lstat().st_uid)
        word = _word(_read(path, _LARGEST))
        content = _read(file, LARGEST_FILE) if word is not None and word.file else None
    except OSError:
        return None
    for each in (path, file):
        with suppress(OSError):
            each.unlink()
    return (word, content, login) if word is not None else None


def clear(directory: Path) -> None:
    """Remove what was asked of a process that is gone."""
    asked = [directory / STOP]
    with suppress(OSError):
        asked += (directory / CONFIRM).iterdir()
    for path in asked:
        with suppress(OSError):
            path.unlink()


def own_login() -> str:
    """Return whose login this process runs under."""
    return _login(os.getuid())


def _login(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _read(path: Path, most: int) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(most)


def _word(raw: bytes) -> Word | None:
    """Return what stands in a request; None where it is none of ours."""
    try:
        found: Any = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(found, dict) or set(found) != set(_FIELDS):
        return None
    if any(type(found[name]) is not kind for name, kind in _FIELDS.items()):
        return None
    return Word(**found)
