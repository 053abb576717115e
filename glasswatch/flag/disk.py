"""Files of the flag: bounded reads that end in time, and writes that are whole or not at all.

Nothing here looks at what the bytes mean. Every failure is an `OSError` (a read that takes too long: `TimeoutError`).
"""

import os
import select
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from glasswatch.clock import Clock

READ_SECONDS = 30.0  # a pipe from a slow download may take its time, but not for ever
OTHERS_MAY_READ_OR_WRITE = 0o077
OTHERS_MAY_WRITE = 0o022


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds. `mode` are the permission bits of a regular file, 0 of anything else."""

    data: bytes
    mode: int


def read(path: Path, limit: int, clock: Clock) -> Found:
    """Return at most `limit` + 1 bytes of a file, a pipe or a device: one more says that there was too much."""
    # Without O_NONBLOCK a FIFO that nobody writes to would hold us in open() for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        data = drain(descriptor, limit, clock)
    finally:
        os.close(descriptor)
    return Found(data, stat.S_IMODE(mode) if stat.S_ISREG(mode) else 0)


def drain(descriptor: int, limit: int, clock: Clock) -> bytes:
    """Return at most `limit` + 1 bytes from an open descriptor, until its end."""
    ready = select.poll()
    ready.register(descriptor, select.POLLIN)
    ends_at = clock.monotonic() + READ_SECONDS
    chunks: list[bytes] = []
    missing = limit + 1
    while missing > 0:
        left = ends_at - clock.monotonic()
        if left <= 0 or not ready.poll(left * 1000):
            raise TimeoutError(f"nothing came to its end within {READ_SECONDS:.0f} s")
        chunk = os.read(descriptor, missing)
        if not chunk:
            break
        chunks.append(chunk)
        missing -= len(chunk)
    return b"".join(chunks)


def create(path: Path, data: bytes, mode: int) -> None:
    """Write a file that must not exist yet (`FileExistsError`), synced; a failure leaves nothing behind."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        try:
            os.fchmod(descriptor, mode)  # whatever the umask says
            written = 0
            while written < len(data):
                written += os.write(descriptor, data[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _sync_directory(path.parent)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def replace(path: Path, data: bytes, mode: int) -> None:
    """Put `data` in the place of a file, or make it: a reader sees the old bytes or the new, synced."""
    fresh = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    create(fresh, data, mode)
    try:
        fresh.replace(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
