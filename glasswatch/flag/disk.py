"""Files of the flag: bounded reads that end in time, and writes that are whole or not at all.

Nothing here looks at what the bytes mean. Every failure is an `OSError` (a read that takes too long: `TimeoutError`).
"""

import os
import select
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from glasswatch.clock import Clock

READ_SECONDS = 30.0  # a pipe from a slow download may take its time, but not for ever
LEAST_SECONDS = 1.0  # and what comes after a slow one has a little time too
OTHERS_MAY_READ_OR_WRITE = 0o077
OTHERS_MAY_WRITE = 0o022
_OTHERS_MAY_READ = 0o004


@dataclass(frozen=True, slots=True)
class Found:
    """What a file holds. `mode` are the permission bits of a regular file, 0 of anything else."""

    data: bytes
    mode: int


def read(path: Path, limit: int, clock: Clock, seconds: float = READ_SECONDS) -> Found:
    """Return at most `limit` + 1 bytes of a file, a pipe or a device: one more says that there was too much."""
    # Without O_NONBLOCK a FIFO that nobody writes to would hold us in open() for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(descriptor).st_mode
        data = drain(descriptor, limit, clock, seconds)
    finally:
        os.close(descriptor)
    return Found(data, stat.S_IMODE(mode) if stat.S_ISREG(mode) else 0)


def drain(descriptor: int, limit: int, clock: Clock, seconds: float = READ_SECONDS) -> bytes:
    """Return at most `limit` + 1 bytes from an open descriptor, until its end."""
    ready = select.poll()
    ready.register(descriptor, select.POLLIN)
    ends_at = clock.monotonic() + seconds
    chunks: list[bytes] = []
    missing = limit + 1
    while missing > 0:
        left = ends_at - clock.monotonic()
        if left <= 0 or not ready.poll(left * 1000):
            raise TimeoutError(f"nothing came to its end within {seconds:.0f} s")
        chunk = os.read(descriptor, missing)
        if not chunk:
            break
        chunks.append(chunk)
        missing -= len(chunk)
    return b"".join(chunks)


def create(path: Path, data: bytes, mode: int) -> None:
    """Write a file that must not exist yet (`FileExistsError`), synced; a failure leaves nothing behind."""
    with _whole(path, data, mode):
        _sync_directory(path.parent)


def place(path: Path, data: bytes, mode: int) -> None:
    """`create`, but at no instant with a part of the data: a reader sees an empty file at first, or the whole."""
    with _whole(path, b"", mode):
        replace(path, data, mode)


def replace(path: Path, data: bytes, mode: int) -> None:
    """Put `data` in the place of a file, or make it: a reader sees the old bytes or the new, synced."""
    fresh = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    with _whole(fresh, data, mode):
        fresh.replace(path)
    _sync_directory(path.parent)


def replace_alone(path: Path, data: bytes, mode: int) -> None:
    """`replace` for whoever holds a lock on the file, and may be killed at any instant.

    The temporary file always has the same name, so that writers who were killed leave one at most. Written by root,
    the file belongs to the directory's owner.
    """
    fresh = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    with _whole(fresh, data, mode, owner=path.parent):
        fresh.replace(path)
    _sync_directory(path.parent)


def leave_to_owner(descriptor: int, directory: Path) -> None:
    """Where root made a file in somebody else's directory, make it theirs."""
    if os.geteuid() == 0:
        found = directory.stat()
        os.fchown(descriptor, found.st_uid, found.st_gid)


@contextmanager
def _whole(path: Path, data: bytes, mode: int, owner: Path | None = None) -> Iterator[None]:
    """Make a file that holds all of `data`, synced; if that or what is done with it fails, it is gone again."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        try:
            _set_mode(descriptor, mode)
            if owner is not None:
                leave_to_owner(descriptor, owner)
            written = 0
            while written < len(data):
                written += os.write(descriptor, data[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        yield
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def _set_mode(descriptor: int, mode: int) -> None:
    """Set a file's mode, whatever the umask says; what everybody may read may lie on a disk that knows no modes."""
    try:
        os.fchmod(descriptor, mode)
    except PermissionError:  # a FAT stick, such as orders are carried on
        if not mode & _OTHERS_MAY_READ:
            raise


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
