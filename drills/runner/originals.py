"""Whether a run's directory is the very one that its last process had, since the machine started; or a copy of it.

Who works on a run writes into its lock which file that is, on which start of the machine. A copy has another file, on
this machine too. Where both are as they were and the lock is ours, that process is gone: it held this lock for as long
as it lived. Where they are not, or nothing says so, nothing is known.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from drills.journal.files import LOCK

_LONGEST: Final = 200
_FLAGS: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC


def is_original(directory: Path, boot: str) -> bool:
    """Whether a directory, whose lock we hold, is the one that the last process had."""
    try:
        descriptor = os.open(directory / LOCK, _FLAGS)
    except OSError:
        return False
    try:
        return os.pread(descriptor, _LONGEST, 0) == _mark(descriptor, boot)
    except OSError:
        return False
    finally:
        os.close(descriptor)


def mark(directory: Path, boot: str) -> None:
    """Write down that a directory, whose lock we hold, is ours. Where that can't be written nothing will be known."""
    with suppress(OSError):
        descriptor = os.open(directory / LOCK, _FLAGS)
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, _mark(descriptor, boot), 0)
        finally:
            os.close(descriptor)


def _mark(descriptor: int, boot: str) -> bytes:
    there = os.fstat(descriptor)
    return f"{boot} {there.st_dev} {there.st_ino}\n".encode()
