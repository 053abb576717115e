"""Reads a file that somebody names, in the one way in which nothing but a disk can hold it up.

Opened without blocking, for opening a pipe would wait for its other end, and read only where it is a regular file: what
a device or a pipe gives may never end.
"""

import os
import stat
from pathlib import Path
from typing import Final

LARGEST: Final = 4 * 1024 * 1024


def read(path: Path, most: int = LARGEST) -> bytes:
    """Return what a regular file holds.

    Raises:
        OSError: it can't be read, is something else, or holds more than `most` bytes.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no regular file", str(path))
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(0, f"it is larger than {most // 1024} KiB", str(path))
    return data
