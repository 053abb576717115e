"""Copies a SQLite store whole: to keep it elsewhere, or to put a smaller one in its place.

- A copy is made beside where it will stand, looked over, synced, and only then put there: whatever goes wrong, what
  stood there is as it was, and nothing is left beside it. Only its owner can read it.
- Keeping: beside a monitor that runs, as of one instant. What stands there already is replaced only if that was said.
- Compacting: no monitor may run. SQLite's log is written back and taken away first, because one that stayed behind
  would be taken for the new file's.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from glasswatch.files import sync_directory
from monitor.errors import StoreDamaged, StoreUnavailable, StoreUnusable
from monitor.store.faults import translate
from monitor.store.lock import FileLock
from monitor.store.reading import Reading
from monitor.store.schema import REVISION_TABLE

Progress = Callable[[int, int], None]
_WAIT_SECONDS = 5.0
_ROOM = 1.05  # a little more than what is needed: others write on that disk too


class Occupied(Exception):
    """Something stands where the copy should go."""


class Compacted(NamedTuple):
    """How big the file was and is."""

    before: int
    after: int


def backup(reading: Reading, source: Path, to: Path, *, may_replace: bool, progress: Progress) -> int:
    """Copy a store to a file; return how big that is.

    Raises:
        Occupied: there is a file, and it may not be replaced, or it is the store itself.
        StoreUnavailable, StoreUnusable: the store can't be read, or the copy not be made.
    """
    if to.exists() and (not may_replace or to.samefile(source)):
        raise Occupied
    with _beside(to) as temporary:
        _see_room(to.parent, source.stat().st_size)
        with _errors(str(to)), closing(_connect(temporary)) as copy:
            reading.copy(copy, progress)
            copy.execute("PRAGMA journal_mode = DELETE")  # else a log would be made beside it by whoever looks at it
            _look_over(copy, temporary)
        _sync(temporary)
        if may_replace:
            temporary.replace(to)
        else:
            try:
                to.hardlink_to(temporary)
            except FileExistsError:
                raise Occupied from None
            except OSError as error:
                raise StoreUnavailable(f"the copy can't be put at {to}: {error.strerror}") from None
        sync_directory(to.parent)
        return to.stat().st_size


def compact(path: Path) -> Compacted:
    """Put a copy without the room that is free in it in a store's place; return how big it was and is.

    Raises:
        StoreUnavailable, StoreUnusable: a monitor has it open, there is no room, or it can't be read.
    """
    if not path.exists():
        raise StoreUnavailable(f"there is no store {path}")
    lock = FileLock(path)
    lock.before_connect()
    try:
        before = path.stat()
        with _beside(path) as temporary:
            with _errors(str(path)):
                _vacuum(path, temporary)
            os.chmod(temporary, before.st_mode & 0o777)  # noqa: PTH101 - beside chown, which pathlib has not
            with suppress(PermissionError):
                os.chown(temporary, before.st_uid, before.st_gid)
            _sync(temporary)
            temporary.replace(path)
            sync_directory(path.parent)
        return Compacted(before.st_size, path.stat().st_size)
    finally:
        lock.release()


def _vacuum(path: Path, to: Path) -> None:
    with closing(_connect(path)) as source:
        tables = _counts(source)
        if REVISION_TABLE not in tables:
            raise StoreUnusable(f"the store {path} holds no tables of glasswatch's")
        pages, free, size = (
            source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        _see_room(path.parent, (pages - free) * size)
        if source.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete":
            raise StoreUnavailable(f"the store {path} is locked by another program: let that one finish or close it")
        source.execute("VACUUM INTO ?", (str(to),))
    with closing(_connect(to)) as copy:
        _look_over(copy, to)
        if _counts(copy) != tables:
            raise StoreDamaged(f"the copy of {path} does not hold what that holds: it is left as it is")


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608 - a table's own name
        for (name,) in names.fetchall()
    }


def _look_over(copy: sqlite3.Connection, path: Path) -> None:
    found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok" or copy.execute("PRAGMA foreign_key_check").fetchone() is not None:
        raise StoreDamaged(f"the copy {path} is damaged, and so may be the store: see what `monitor store check` says")


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, isolation_level=None, timeout=_WAIT_SECONDS)


def _see_room(directory: Path, needed: int) -> None:
    free, needed_bytes = shutil.disk_usage(directory).free, needed * _ROOM
    if free < needed_bytes:
        told = f"{needed_bytes / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free"
        raise StoreUnavailable(f"{directory} has no room for a copy: {told}")


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give an empty file beside a path; what is left there in the end is taken away."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    except OSError as error:
        raise StoreUnavailable(f"a file can't be made in {path.parent}: {error.strerror}") from None
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
    finally:
        for left in (temporary, temporary.with_name(f"{temporary.name}-journal")):
            left.unlink(missing_ok=True)


@contextmanager
def _errors(place: str) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, place) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
