"""A spool of attempts at break-glass: one file each, kept until the monitor has it on record.

Rules:
- A file appears whole or not at all, synced, under a name that no other has. Its content is the body that is posted.
- Bounded: a file of at most 16 KiB, and `MOST_FILES` of them. What doesn't fit is a fault, and stands in the system's
  log alone. Somebody who knocks without end must not keep an access from being told: refusals leave a tenth of the
  spool free, and wait behind what was allowed.
- The directory is the reader's alone (0700), or a group's whose members can't remove each other's files (3770).
- Whoever sends a file holds its lock, so that many may send at once; a file that is gone or another one by the time
  the lock is had was somebody else's.
"""

import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from glasswatch.clock import Clock

MAX_BYTES: Final = 16 * 1024
MOST_FILES: Final = 10_000
SUFFIX: Final = ".json"
REFUSED: Final = "refused"
_MODE: Final = 0o640
_OTHERS: Final = 0o007


def keep(directory: Path, attempt: Mapping[str, object], clock: Clock) -> Path:
    """Put an attempt into the spool, which is made if it isn't there; return its file.

    Raises:
        OSError: it can't be written, or the spool is full.
        ValueError: the attempt is too large.
    """
    content = json.dumps(attempt, ensure_ascii=False, separators=(",", ":")).encode()
    if len(content) > MAX_BYTES:
        raise ValueError(f"an attempt may have {MAX_BYTES} bytes")
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    is_refusal = attempt.get("decision") == "refused"
    most = MOST_FILES * 9 // 10 if is_refusal else MOST_FILES
    if sum(1 for _ in os.scandir(directory)) >= most:
        raise OSError(f"the spool {directory} is full: {most} files wait to be sent")
    name = f"{int(is_refusal)}-{clock.now():%Y%m%dT%H%M%S%f}-{os.urandom(6).hex()}"
    fresh, path = directory / f".{name}", directory / f"{name}{SUFFIX}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _MODE)  # whatever the umask says: the group that sends must read it
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    except BaseException:
        with suppress(OSError):
            fresh.unlink()
        raise
    _sync(directory)
    return path


def is_open_to_others(directory: Path) -> bool:
    """Whether people beyond its owner and group can read, remove or add attempts."""
    return bool(stat.S_IMODE(directory.stat().st_mode) & _OTHERS)


def waiting(directory: Path) -> list[Path]:
    """Return the files that wait: what was allowed first, each the oldest first.

    Raises:
        OSError: the directory can't be read.
    """
    with os.scandir(directory) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(SUFFIX) and not entry.name.startswith(".")]
    return [directory / name for name in sorted(names)]


@contextmanager
def locked(path: Path) -> Iterator[bytes | None]:
    """Hold a waiting file, giving what it holds (at most one byte more than it may); None: it is somebody else's.

    Raises:
        OSError: it can't be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        yield _content(descriptor, path)
    finally:
        os.close(descriptor)  # lets go of the lock


def remove(path: Path) -> None:
    """Delete a file that the monitor has on record. Hold its lock.

    Raises:
        OSError: it can't be deleted.
    """
    path.unlink()


def set_aside(path: Path) -> Path:
    """Move a file that nobody takes out of the way; return where it is now.

    Raises:
        OSError: it can't be moved.
    """
    directory = path.parent / REFUSED
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    return path.rename(directory / path.name)


def _content(descriptor: int, path: Path) -> bytes | None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{path}: not a file")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        now = path.stat(follow_symlinks=False)
    except (BlockingIOError, FileNotFoundError):
        return None
    if (now.st_dev, now.st_ino) != (found.st_dev, found.st_ino):
        return None
    return os.read(descriptor, MAX_BYTES + 1)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
