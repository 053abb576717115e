"""Replacing a file: a reader sees the old one or the new one, whole, even after a power cut.

Rules:
- Written beside its target, synced, then renamed over it; the directory is synced too.
- On any failure the target is as before, and nothing is left beside it.
- A symbolic link at the target is replaced itself; what it points to is left alone.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

_PUBLIC = 0o644


def replace(path: Path, data: bytes, mode: int = _PUBLIC) -> None:
    """Put `data` at `path` atomically, with exactly this mode.

    Raises:
        OSError: it could not be done; the target is unchanged, unless only the directory's sync failed.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105 - both are paths already, and the name says what happens
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108 - as above
        raise
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Have on disk which files a directory holds."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
