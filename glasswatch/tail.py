"""Reads what was added to a file, however it is rotated.

1. A place is the file's inode, how far it was read, and a digest of what stands before: after a restart reading goes
   on there. Without a place it begins at the end: what is older than the watcher is nobody's news.
2. Renamed and made anew: the old file is read to its end first, found by its inode in the same directory; the new one
   is begun once something stands in it, because until then the old one may still be written.
3. Cut short, or written anew under the same inode: begun from the start.
4. A line is at most `MAX_LINE` bytes, a part at most `MAX_PART`. A line that isn't finished waits.
5. Two rotations while nobody reads lose what stands only in the one between.

Blocking; to be called in a thread.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

MAX_LINE: Final = 16 * 1024
MAX_PART: Final = 1024 * 1024
_BEFORE: Final = 64


FROM_START: Final = '[0,0,0,""]'
"""The place before everything: for a file that wasn't there when one began to look."""


class Line(NamedTuple):
    """A line, and where it stood: the same text elsewhere is another line."""

    text: str
    key: str


class _Place(NamedTuple):
    device: int
    inode: int
    offset: int
    before: str


def read(path: Path, place: str | None) -> tuple[list[Line], str]:
    """Return the lines after a place, and the place after them.

    Raises:
        OSError: the file isn't there, or can't be read.
    """
    known = _parsed(place)
    try:
        descriptor = _open(path)
    except FileNotFoundError:
        old = _renamed(path, known) if known is not None else None
        if known is None or old is None:
            raise
        return _rest(old, known, is_ended=False)
    if known is None:
        return [], _written(_at_end(descriptor))
    found = os.fstat(descriptor)
    if (found.st_dev, found.st_ino) == (known.device, known.inode):
        return _rest(descriptor, known, is_ended=False)
    return _after_rotation(path, descriptor, known)


def is_there(path: Path, place: str) -> bool:
    """Return whether the file of a place can still be read on, under whatever name it has now.

    Raises:
        OSError: the directory can't be read.
    """
    known = _parsed(place)
    if known is None or place == FROM_START:
        return True
    descriptor = _renamed(path, known)
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def _after_rotation(path: Path, new: int, known: _Place) -> tuple[list[Line], str]:
    try:
        is_begun = os.fstat(new).st_size > 0  # looked at before the old one is read to its end
        start = _Place(os.fstat(new).st_dev, os.fstat(new).st_ino, 0, "")
    finally:
        os.close(new)
    old = _renamed(path, known)
    if old is None:
        return [], _written(start)
    lines, place = _rest(old, known, is_ended=is_begun)
    return (lines, _written(start)) if is_begun and not lines else (lines, place)


def _rest(descriptor: int, known: _Place, *, is_ended: bool) -> tuple[list[Line], str]:
    """Return what stands after a place in an open file, and close it; `is_ended`: its last line needs no end."""
    try:
        if _before(descriptor, known.offset) != known.before:
            known = known._replace(offset=0)
        data = os.pread(descriptor, MAX_PART, known.offset)
        lines, end = [], 0
        for text, after in _split(data, is_ended=is_ended and len(data) < MAX_PART):
            lines.append(Line(text, f"{known.inode}:{known.offset + end}"))
            end = after
        offset = known.offset + end
        return lines, _written(known._replace(offset=offset, before=_before(descriptor, offset)))
    finally:
        os.close(descriptor)


def _split(data: bytes, *, is_ended: bool) -> Iterator[tuple[str, int]]:
    """Yield each finished line, cut to its bound, and where the next begins."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at)
        if end < 0 and len(data) - at < MAX_LINE and not is_ended:
            return
        after = end + 1 if end >= 0 else min(at + MAX_LINE, len(data))
        yield data[at : min(after, at + MAX_LINE)].decode("utf-8", "replace").rstrip("\r\n"), after
        at = after


def _at_end(descriptor: int) -> _Place:
    """Return the place after the last finished line of an open file, and close it."""
    try:
        found = os.fstat(descriptor)
        start = max(found.st_size - MAX_LINE, 0)
        data = os.pread(descriptor, found.st_size - start, start)
        offset = start + data.rfind(b"\n") + 1 if b"\n" in data else start
        return _Place(found.st_dev, found.st_ino, offset, _before(descriptor, offset))
    finally:
        os.close(descriptor)


def _before(descriptor: int, offset: int) -> str:
    """Return a digest of what stands before an offset; of a file that is shorter it is another."""
    start = max(offset - _BEFORE, 0)
    data = os.pread(descriptor, offset - start, start)
    return "" if offset == 0 else hashlib.sha256(data).hexdigest()[:16]


def _renamed(path: Path, known: _Place) -> int | None:
    """Return the file that was read before, open, under whatever name it has now; None: it is gone."""
    with os.scandir(path.parent) as entries:
        names = [entry.name for entry in entries if entry.inode() == known.inode]
    for name in names:
        try:
            descriptor = _open(path.with_name(name))
        except OSError:
            continue
        if os.fstat(descriptor).st_dev == known.device and _before(descriptor, known.offset) == known.before:
            return descriptor
        os.close(descriptor)
    return None


def _open(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path}: not a file")
    return descriptor


def _parsed(place: str | None) -> _Place | None:
    if place is None:
        return None
    try:
        device, inode, offset, before = json.loads(place)
        return _Place(int(device), int(inode), int(offset), str(before))
    except (ValueError, TypeError):
        return None


def _written(place: _Place) -> str:
    return json.dumps(list(place))
