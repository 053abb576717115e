"""A settings file, or another file that settings are read from, as bytes and as text.

Rules:
- A regular file of at most 4 MiB, in UTF-8.
- Refused if group or others can write it, or put another in its place: who writes the settings decides when
  production opens. A directory with the sticky bit, and one on a read-only file system, is safe from that.
"""

import os
import stat
from pathlib import Path
from typing import Final

from glasswatch.settings.mistake import Mistake, SettingsFault
from glasswatch.settings.nodes import place_of

LARGEST_BYTES: Final = 4 * 1024 * 1024
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH


def read(path: Path) -> str:
    """Return what the file says.

    Raises:
        SettingsFault: it can't be read, or may have been written by somebody else.
    """
    return decoded(path, read_bytes(path))


def read_bytes(path: Path, what: str = "a settings file") -> bytes:
    """Return what the file holds; `what` it is expected to be.

    Raises:
        SettingsFault: it can't be read, or may have been written by somebody else.
    """
    try:
        # Not blocking: opening a pipe would wait for its other end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise _fault(path, "expected a regular file")
            _refuse_foreign_hands(path, status)
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it failed"
        raise _fault(path, f"expected {what} that can be read: {reason}") from None
    if len(data) > LARGEST_BYTES:
        raise _fault(path, "expected at most 4 MiB")
    return data


def decoded(path: Path, data: bytes) -> str:
    """Return what the bytes of the file at `path` say.

    Raises:
        SettingsFault: they are not text.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", errors="replace")
        line, column = place_of(before, len(before))
        raise SettingsFault([Mistake(str(path), line, column, "", "expected text in UTF-8")]) from None


def _refuse_foreign_hands(path: Path, status: os.stat_result) -> None:
    places = [path] if status.st_mode & _OTHERS_WRITE else []
    # Where a link is followed, both the link and the file could be replaced.
    places += [folder for folder in dict.fromkeys((path.absolute().parent, path.resolve().parent)) if _is_open(folder)]
    if places:
        raise SettingsFault(
            Mistake(str(path), 0, 0, "", f"expected {place} to be writable by its owner only: run chmod go-w {place}")
            for place in places
        )


def _is_open(folder: Path) -> bool:
    mode = folder.stat().st_mode
    if not mode & _OTHERS_WRITE or mode & stat.S_ISVTX:
        return False
    return not os.statvfs(folder).f_flag & os.ST_RDONLY


def _fault(path: Path, expected: str) -> SettingsFault:
    return SettingsFault([Mistake(str(path), 0, 0, "", expected)])
