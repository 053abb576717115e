"""The floor in its file: read, held alone, and put back whole. Whatever is wrong with it is an alarm, never an error.

1. Only the holder of an exclusive lock on FILE.lock reads, judges and writes; whoever waited 1 s for it in vain judges
   against what can be read, and remembers nothing.
2. The file is replaced as a whole (temporary file, fsync, rename, fsync of the directory): a reader that is killed
   leaves the old floor or the new one.
3. Bytes that are no floor are set aside under a name of their own, never overwritten; what follows begins empty. A
   newer format is left where it is.
4. What can't be read is not written either: a higher mark may stand there. What can't be written is judged against
   what could be read: a full or read-only disk locks nobody out.
5. A floor that others can write is used all the same, with an alarm, and is closed to them when it is written next.
   They can refuse us by raising it, or make it as if there were none; a reader that ignored it would be in the second
   case always.

A reader run by root leaves files to the directory's owner, so that one look by an administrator does not shut out the
reader that runs at every login.
"""

import fcntl
import os
import select
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from glasswatch.clock import Clock
from glasswatch.flag import disk, floor
from glasswatch.flag.errors import Alarm, AlarmCode, Malformed, plain, shown
from glasswatch.flag.floor import Floor

LOCK_SECONDS = 1.0
_RETRY_MS = 5


class Held:
    """A floor as it could be read, with the alarms so far; `keep` writes another one in its place."""

    def __init__(self, path: Path, clock: Clock, *, is_alone: bool) -> None:
        self.alarms: list[Alarm] = []
        self.floor = Floor()
        self._path = path
        self._raw = b""
        self._may_write = is_alone
        self._read(clock)
        self._written = self.floor

    def keep(self, changed: Floor) -> None:
        """Judge against `changed` from here on, and write it, unless the file says the same."""
        self.floor = changed
        if changed == self._written or not self._may_write:
            return
        raw = floor.dump(changed)
        if len(raw) > floor.MAX_BYTES:
            self._alarm(AlarmCode.FLOOR_UNWRITABLE, f"more than {floor.MAX_BYTES} bytes: give each reader its own")
            return
        try:
            disk.replace_alone(self._path, raw, 0o600)
        except OSError as error:
            self._alarm(AlarmCode.FLOOR_UNWRITABLE, f"can't be written: {error.strerror or error}")
        else:
            self._written = changed

    def reset(self, sub: str) -> None:
        """Forget what was accepted of a platform, from here on; a copy of the file as it was stays."""
        place = "nothing could be written"
        if self._may_write:
            place = "there was nothing to forget" if not self._raw else f"the old one is in {self._copy_aside()}"
        what = "so that old flags and orders are believed again, and no date is held against the clock"
        self._alarm(AlarmCode.FLOOR_RESET, f"reset for {shown(sub)}, {what}; {place}")
        self.keep(floor.forget(self.floor, sub))

    def _copy_aside(self) -> str:
        aside = self._aside()
        try:
            disk.create(aside, self._raw, 0o600)
        except OSError as error:
            return f"no copy, for {plain(aside.name)} can't be written: {error.strerror or error}"
        return plain(aside.name)

    def _read(self, clock: Clock) -> None:
        try:
            found = _regular(self._path)
            directory = self._path.parent.stat()
            self._raw = disk.read(self._path, floor.MAX_BYTES, clock).data
        except FileNotFoundError:
            return
        except OSError as error:
            self._may_write = False
            self._alarm(AlarmCode.FLOOR_UNREADABLE, f"can't be read: {error.strerror or error}")
            return
        if _others_can_write(found, directory):
            what = "others can write it, or put another in its place: give file and directory to its reader alone"
            self._alarm(AlarmCode.FLOOR_OPEN, what)
        try:
            self.floor = floor.parse(self._raw)
        except Malformed as error:
            self._refuse(error)

    def _refuse(self, error: Malformed) -> None:
        with suppress(Malformed):
            if (number := floor.format_of(self._raw)) > floor.FORMAT:
                self._may_write = False
                self._alarm(AlarmCode.FLOOR_FORMAT, f"has format {number}, this reader knows {floor.FORMAT}")
                return
        self._alarm(AlarmCode.FLOOR_CORRUPT, f"is no floor ({error}): {self._move_aside()}")

    def _move_aside(self) -> str:
        aside = self._aside()
        if not self._may_write:
            return "left where it is"
        try:
            self._path.rename(aside)
        except OSError as error:
            self._may_write = False
            return f"left where it is, for it can't be renamed: {error.strerror or error}"
        return f"set aside as {plain(aside.name)}"

    def _aside(self) -> Path:
        return self._path.with_name(f"{self._path.name}.{os.urandom(8).hex()}.aside")

    def _alarm(self, code: AlarmCode, what: str) -> None:
        self.alarms.append(Alarm(code, f"the floor {plain(self._path)}: {what}"))


def _regular(path: Path) -> os.stat_result:
    # A device or pipe is never a floor: it could hold us up, and must not be moved aside.
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError("it is not a file")
    return found


def _others_can_write(file: os.stat_result, directory: os.stat_result) -> bool:
    us = os.geteuid()
    is_anybodys = directory.st_mode & disk.OTHERS_MAY_WRITE and not directory.st_mode & stat.S_ISVTX
    is_strangers = us != 0 and bool({file.st_uid, directory.st_uid} - {0, us})
    return bool(file.st_mode & disk.OTHERS_MAY_WRITE or is_anybodys or is_strangers)


@contextmanager
def held(path: Path, clock: Clock) -> Iterator[Held]:
    """Give the floor to one reader alone, until the end of the block; never raises by itself."""
    place = Path(os.path.realpath(path))
    descriptor: int | None = None
    trouble: tuple[AlarmCode, str] | None = None
    try:
        try:
            descriptor = _lock(place, clock)
            if descriptor is None:
                trouble = AlarmCode.FLOOR_LOCKED, f"somebody else has held it for {LOCK_SECONDS:g} s"
        except OSError as error:
            trouble = AlarmCode.FLOOR_UNWRITABLE, f"can't be locked: {error.strerror or error}"
        holder = Held(place, clock, is_alone=descriptor is not None)
        if trouble is not None:
            code, what = trouble
            what = f"the floor {plain(place)}: {what}; judged against what could be read, nothing is remembered"
            holder.alarms.append(Alarm(code, what))
        yield holder
    finally:
        if descriptor is not None:
            os.close(descriptor)


def peek(path: Path, clock: Clock) -> Held:
    """Return the floor as it can be read now, for a judgement that is to leave no trace."""
    return Held(Path(os.path.realpath(path)), clock, is_alone=False)


def _lock(path: Path, clock: Clock) -> int | None:
    """Return the descriptor that holds the lock while it is open; None where somebody else held it all the time."""
    descriptor = _open_lock(path.with_name(f"{path.name}.lock"))
    pause = select.poll()
    ends_at = clock.monotonic() + LOCK_SECONDS
    try:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            if clock.monotonic() >= ends_at:
                break
            pause.poll(_RETRY_MS)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _open_lock(path: Path) -> int:
    # Never removed: whoever waits on a lock file that was removed holds a lock that nobody else looks at.
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    with suppress(FileNotFoundError):
        return os.open(path, flags)
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return os.open(path, flags)
    disk.leave_to_owner(descriptor, path.parent)
    return descriptor
