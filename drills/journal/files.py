"""The files of one run's directory, open and locked. Everything here may block, and raises `OSError`.

    journal.jsonl   one entry a line
    outputs/        what steps printed and servers answered, redacted
    run.lock        held by the process that works on the run
    torn-N          the end of a line that was being written when a process ended

- Directories are 0700, files 0600; none of them is made over another, and no link is followed.
- What is written is synced, and so is the directory that it is in.
- A journal whose directory was moved, removed or replaced takes nothing: who looks for it would not find it.
"""

import errno
import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from drills.errors import RunBusy
from drills.journal.reading import JOURNAL, LARGEST, LONGEST
from glasswatch.files import sync_directory

OUTPUTS: Final = "outputs"
LOCK: Final = "run.lock"
_TORN: Final = "torn"
_FILE: Final = 0o600
_DIRECTORY: Final = 0o700
_NEW: Final = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_NAMES: Final = 100_000


class RunFiles:
    """One run's directory."""

    def __init__(self, directory: Path, lock: int) -> None:
        self.directory = directory
        self._lock = lock
        self._journal = -1
        self._size = 0
        self._next = 1

    @classmethod
    def create(cls, root: Path, run: str) -> "RunFiles":
        """Make the directory of a new run below `root`, which is made if it isn't there.

        Raises:
            FileExistsError: there is something of that name.
        """
        root.mkdir(mode=_DIRECTORY, parents=True, exist_ok=True)
        directory = root / run
        directory.mkdir(mode=_DIRECTORY)
        directory.chmod(_DIRECTORY)  # whatever the umask says
        (directory / OUTPUTS).mkdir(mode=_DIRECTORY)
        sync_directory(root)
        files = cls(directory, _locked(directory, os.O_CREAT | os.O_EXCL))
        try:
            files._journal = os.open(directory / JOURNAL, os.O_WRONLY | os.O_APPEND | _NEW, _FILE)
            os.fsync(files._journal)
            sync_directory(directory)
        except BaseException:
            files.close()
            raise
        return files

    @classmethod
    def reopen(cls, directory: Path) -> "RunFiles":
        """Lock the directory of a run that another process worked on. `go_on` is to follow.

        Raises:
            RunBusy: it still does.
        """
        return cls(directory, _locked(directory, os.O_CREAT))

    def go_on(self, whole: int) -> None:
        """Open the journal again, to go on after so many bytes; what follows them is set aside."""
        flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._journal = os.open(self.directory / JOURNAL, flags)
        os.fchmod(self._journal, _FILE)
        torn = os.pread(self._journal, LONGEST, whole)
        if torn:
            self._set_aside(torn)
            os.ftruncate(self._journal, whole)
            os.fsync(self._journal)
        self._size = whole
        with suppress(FileExistsError):
            (self.directory / OUTPUTS).mkdir(mode=_DIRECTORY)
        sync_directory(self.directory)

    def append(self, lines: Sequence[bytes]) -> None:
        """Write lines at the journal's end, all at once."""
        content = b"".join(lines)
        if max(map(len, lines)) > LONGEST or self._size + len(content) > LARGEST:
            raise OSError(errno.EFBIG, "it would be longer than a journal can be")
        written = os.write(self._journal, content)
        self._size += written
        if written != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._journal)
        self._check_place()

    def keep(self, name: str, content: bytes) -> str:
        """Put an output beside the journal; return its file's name."""
        outputs = self.directory / OUTPUTS
        file, descriptor = self._new_output(outputs, name)
        try:
            with os.fdopen(descriptor, "wb") as new:
                new.write(content)
                new.flush()
                os.fsync(descriptor)
        except BaseException:
            with suppress(OSError):
                (outputs / file).unlink()
            raise
        sync_directory(outputs)
        self._check_place()
        return file

    def kept(self) -> int:
        """Return how many bytes of outputs there are."""
        with os.scandir(self.directory / OUTPUTS) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)

    def close(self) -> None:
        """Close the journal, and let go of the run. Repeated calls do nothing."""
        for descriptor in (self._journal, self._lock):
            if descriptor >= 0:
                with suppress(OSError):
                    os.close(descriptor)
        self._journal = self._lock = -1

    def _check_place(self) -> None:
        there = os.stat(self.directory / JOURNAL, follow_symlinks=False)  # noqa: PTH116 - beside fstat it says what is compared
        ours = os.fstat(self._journal)
        if (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino):
            raise OSError(errno.ESTALE, "another file stands in its place")

    def _new_output(self, outputs: Path, name: str) -> tuple[str, int]:
        while self._next < _MOST_NAMES:
            file = f"{self._next:04d}-{name}"
            self._next += 1
            with suppress(FileExistsError):
                return file, os.open(outputs / file, os.O_WRONLY | _NEW, _FILE)
        raise OSError(errno.ENOSPC, "a run has no more outputs than that")

    def _set_aside(self, torn: bytes) -> None:
        for number in range(1, _MOST_NAMES):
            with suppress(FileExistsError):
                descriptor = os.open(self.directory / f"{_TORN}-{number}", os.O_WRONLY | _NEW, _FILE)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(torn)
                    file.flush()
                    os.fsync(descriptor)
                return


def _locked(directory: Path, flags: int) -> int:
    descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | flags, _FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise RunBusy(f"another process works on {directory.name}: wait for it, or tell it to `drill stop`") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
