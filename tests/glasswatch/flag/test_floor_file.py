import fcntl
import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.flag import floor, floor_file
from glasswatch.flag.errors import AlarmCode
from glasswatch.flag.floor import Floor
from glasswatch.flag.floor_file import Held
from tests.support.clock import ManualClock
from tests.support.flags import PLATFORM
from tests.support.floors import MARK, floor_of, write_floor
from tests.support.programs import require

CLOCK = SystemClock()
NEXT = replace(MARK, ver=MARK.ver + 1, sha256="bb" * 32)
_ROOT = Path(__file__).parents[3]


class _Impatient(ManualClock):
    """A clock on which every look takes half a second."""

    def monotonic(self) -> float:
        self.advance(0.5)
        return super().monotonic()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a floor is to be kept: in a directory of its reader's own."""
    tmp_path.chmod(0o700)
    return tmp_path / "floor.json"


def _codes(holder: Held) -> list[AlarmCode]:
    for alarm in holder.alarms:
        assert alarm.what.isprintable(), alarm
        assert alarm.what.startswith(("the floor /", "the floor '/")), alarm
    return [alarm.code for alarm in holder.alarms]


def _read(path: Path) -> Floor:
    return floor.parse(path.read_bytes())


def _names(path: Path) -> set[str]:
    return {entry.name for entry in path.parent.iterdir()}


def _asides(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.*.aside"))


@contextmanager
def _no_room() -> Iterator[None]:
    """Let every write of this process fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_missing_floor_begins_empty(path: Path) -> None:
    """Where there is no file yet the floor is empty, without an alarm, and nothing is made but the lock."""
    with floor_file.held(path, CLOCK) as holder:
        assert holder.floor == Floor()
        holder.keep(holder.floor)
    assert _codes(holder) == []
    assert _names(path) == {"floor.json.lock"}


def test_what_is_kept_is_read_by_the_next(path: Path) -> None:
    """A floor that was written stands in its file, for its owner alone, with nothing beside it but the lock."""
    with floor_file.held(path, CLOCK) as holder:
        holder.keep(floor_of(MARK))
    with floor_file.held(path, CLOCK) as holder:
        assert holder.floor == floor_of(MARK)
        holder.keep(floor.advance(holder.floor, NEXT))
    assert _codes(holder) == []
    assert _read(path) == floor_of(NEXT)
    assert _names(path) == {"floor.json", "floor.json.lock"}
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.parent.iterdir()} == {0o600}


def test_the_same_floor_is_not_written_again(path: Path) -> None:
    """Most logins find the document they know: nothing is written for them."""
    write_floor(path, MARK)
    before = path.stat()
    with floor_file.held(path, CLOCK) as holder:
        holder.keep(floor.advance(holder.floor, MARK))
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_symbolic_link_stays_one(path: Path, tmp_path: Path) -> None:
    """The file behind a link is what is read, locked and replaced."""
    real = tmp_path / "real"
    real.mkdir(mode=0o700)
    path.symlink_to(real / "floor.json")
    with floor_file.held(path, CLOCK) as holder:
        holder.keep(floor_of(MARK))
    assert path.is_symlink()
    assert _read(real / "floor.json") == floor_of(MARK)


def test_a_writer_killed_before_leaves_nothing_for_long(path: Path) -> None:
    """The temporary file of one that was killed is taken away by the next that writes."""
    leftover = path.with_name(".floor.json.new")
    leftover.write_bytes(b"half a fl")
    with floor_file.held(path, CLOCK) as holder:
        holder.keep(floor_of(MARK))
    assert _codes(holder) == []
    assert not leftover.exists()


CORRUPT = {
    "empty": b"",
    "half": floor.dump(floor_of(MARK))[:-20],
    "too large": b"[" + b" " * floor.MAX_BYTES,
    "no JSON": b"\x00" * 100,
    "a version that is text": floor.dump(floor_of(MARK)).replace(b'"ver": ', b'"ver": "1", "x": '),
    "format 0": b'{"format":0,"marks":[]}',
}


@pytest.mark.parametrize("raw", CORRUPT.values(), ids=CORRUPT)
def test_a_corrupt_floor_is_set_aside(path: Path, raw: bytes) -> None:
    """What is no floor is kept under another name for somebody to look at, with an alarm; the floor begins empty."""
    path.write_bytes(raw)
    path.chmod(0o600)
    with floor_file.held(path, CLOCK) as holder:
        assert holder.floor == Floor()
        holder.keep(floor.advance(holder.floor, MARK))
    assert _codes(holder) == [AlarmCode.FLOOR_CORRUPT]
    (aside,) = _asides(path)
    assert aside.name in holder.alarms[0].what
    assert aside.read_bytes() == raw
    assert _read(path) == floor_of(MARK)


def test_several_corrupt_floors_are_all_kept(path: Path) -> None:
    """None that was set aside is overwritten by the next."""
    for raw in (b"one", b"two", b"three"):
        path.write_bytes(raw)
        with floor_file.held(path, CLOCK):
            pass
    assert {aside.read_bytes() for aside in _asides(path)} == {b"one", b"two", b"three"}


def test_a_newer_format_is_left_alone(path: Path) -> None:
    """A newer release's floor is not thrown away by an older reader: an alarm, and nothing is written."""
    raw = b'{"format":2,"marks":[],"novel":1}'
    path.write_bytes(raw)
    path.chmod(0o600)
    with floor_file.held(path, CLOCK) as holder:
        holder.keep(floor_of(MARK))
    assert _codes(holder) == [AlarmCode.FLOOR_FORMAT]
    assert path.read_bytes() == raw
    assert _asides(path) == []


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["directory", "pipe"])
def test_what_is_no_file_is_unreadable_and_left_alone(path: Path, make: Callable[[Path], None]) -> None:
    """A directory or pipe is no floor: an alarm at once, and it is neither moved nor replaced."""
    make(path)
    before = path.stat().st_ino
    with floor_file.held(path, CLOCK) as holder:
        holder.keep(floor_of(MARK))
    assert _codes(holder) == [AlarmCode.FLOOR_UNREADABLE]
    assert path.stat().st_ino == before


def test_a_device_is_unreadable(path: Path) -> None:
    """An endless one as well as an empty one, and behind a link too."""
    path.symlink_to("/dev/zero")
    for place in (path, Path("/dev/null")):
        assert _codes(floor_file.peek(place, CLOCK)) == [AlarmCode.FLOOR_UNREADABLE]


def test_a_full_disk_is_an_alarm(path: Path) -> None:
    """Where nothing can be written the floor that could be read is judged against, and stays as it was."""
    write_floor(path, MARK)
    path.with_name("floor.json.lock").touch(mode=0o600)
    with _no_room(), floor_file.held(path, CLOCK) as holder:
        assert holder.floor == floor_of(MARK)
        holder.keep(floor.advance(holder.floor, NEXT))
        assert holder.floor == floor_of(NEXT)
    assert _codes(holder) == [AlarmCode.FLOOR_UNWRITABLE]
    assert "can't be written: " in holder.alarms[0].what
    assert _read(path) == floor_of(MARK)
    assert _names(path) == {"floor.json", "floor.json.lock"}


def test_a_floor_of_another_filesystem_that_is_full_or_read_only(path: Path) -> None:
    """On a real file system without room, and on one mounted read-only, there is an alarm and an answer."""
    script = """
set -e
mount -t tmpfs -o size=16k,mode=700 tmpfs "$1"
cp "$2" "$1/floor.json"; chmod 600 "$1/floor.json"
dd if=/dev/zero of="$1/ballast" bs=4096 2>/dev/null || true
"$3" -m tests.support.floor_reader "$1/floor.json"
mount -o remount,ro "$1"
"$3" -m tests.support.floor_reader "$1/floor.json"
"""
    mounted = path.parent / "mounted"
    mounted.mkdir()
    kept = write_floor(path, MARK)
    unshare = require("unshare", package="util-linux")
    words = [unshare, "--mount", "sh", "-c", script, "sh", str(mounted), str(kept), sys.executable]
    done = subprocess.run(words, cwd=_ROOT, capture_output=True, check=False, timeout=60)
    if done.returncode != 0 and b"ermitted" in done.stderr:
        pytest.skip("mounting is not permitted here")
    assert done.stderr == b""
    full, read_only = (json.loads(line) for line in done.stdout.splitlines())
    assert full == read_only == {"ver": MARK.ver, "alarms": ["floor_unwritable"]}


def test_a_directory_that_is_none_is_an_alarm(path: Path) -> None:
    """A file in the place of the directory, and no directory at all, are alarms with an empty floor."""
    path.touch()
    for place in (path / "floor.json", path.parent / "gone" / "floor.json"):
        with floor_file.held(place, CLOCK) as holder:
            assert holder.floor == Floor()
            holder.keep(floor_of(MARK))
        assert AlarmCode.FLOOR_UNWRITABLE in _codes(holder)


def test_a_lock_that_somebody_holds_is_waited_for_a_second(path: Path) -> None:
    """After 1 s the floor is judged against as it is read, with an alarm, and nothing is written."""
    write_floor(path, MARK)
    with floor_file.held(path, CLOCK), floor_file.held(path, _Impatient()) as second:
        assert second.floor == floor_of(MARK)
        second.keep(floor_of(NEXT))
    assert _codes(second) == [AlarmCode.FLOOR_LOCKED]
    assert _read(path) == floor_of(MARK)


def test_the_wait_is_one_second_by_the_real_clock(path: Path) -> None:
    """Neither given up at once nor waited for ever."""
    holder = os.open(path.with_name("floor.json.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(holder, fcntl.LOCK_EX)
    began = CLOCK.monotonic()
    with floor_file.held(path, CLOCK) as held:
        waited = CLOCK.monotonic() - began
    os.close(holder)
    assert _codes(held) == [AlarmCode.FLOOR_LOCKED]
    assert 1.0 <= waited < 20.0


def test_a_corrupt_floor_that_somebody_holds_is_left_alone(path: Path) -> None:
    """Without the lock nothing is set aside."""
    with floor_file.held(path, CLOCK):
        path.write_bytes(b"{")
        path.chmod(0o600)
        with floor_file.held(path, _Impatient()) as second:
            assert second.floor == Floor()
    assert _codes(second) == [AlarmCode.FLOOR_CORRUPT, AlarmCode.FLOOR_LOCKED]
    assert path.read_bytes() == b"{"


def test_a_lock_file_that_is_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    """A link in the lock's place makes nothing elsewhere."""
    path.with_name("floor.json.lock").symlink_to(tmp_path / "elsewhere")
    with floor_file.held(path, CLOCK) as holder:
        holder.keep(floor_of(MARK))
    assert AlarmCode.FLOOR_UNWRITABLE in _codes(holder)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666], ids=oct)
def test_a_floor_that_others_can_write_is_used_and_closed(path: Path, mode: int) -> None:
    """It is judged against, with an alarm; the next that writes closes it to others."""
    write_floor(path, MARK).chmod(mode)
    with floor_file.held(path, CLOCK) as holder:
        assert holder.floor == floor_of(MARK)
        holder.keep(floor_of(NEXT))
    assert _codes(holder) == [AlarmCode.FLOOR_OPEN]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_directory_that_others_can_write_is_an_alarm(path: Path) -> None:
    """Whoever can write the directory can put another floor there, unless it is sticky."""
    write_floor(path, MARK)
    for mode, expected in ((0o770, [AlarmCode.FLOOR_OPEN]), (0o1777, []), (0o755, [])):
        path.parent.chmod(mode)
        with floor_file.held(path, CLOCK) as holder:
            pass
        assert _codes(holder) == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_leaves_the_files_to_the_directorys_owner(path: Path) -> None:
    """One look by root does not shut out the reader that runs at every login."""
    os.chown(path.parent, 12345, 12345)
    with floor_file.held(path, CLOCK) as holder:
        holder.keep(floor_of(MARK))
    assert _codes(holder) == []
    assert {(entry.stat().st_uid, entry.stat().st_gid) for entry in path.parent.iterdir()} == {(12345, 12345)}


def test_a_floor_too_large_is_not_written(path: Path) -> None:
    """What could not be read again is not written; the alarm says so."""
    many = floor_of(*(replace(MARK, sub=f"platform-{number}") for number in range(4_000)))
    write_floor(path, MARK)
    with floor_file.held(path, CLOCK) as holder:
        holder.keep(many)
    assert _codes(holder) == [AlarmCode.FLOOR_UNWRITABLE]
    assert _read(path) == floor_of(MARK)


def test_a_reset_forgets_one_platform_and_keeps_a_copy(path: Path) -> None:
    """The marks of the platform are gone, others stay; the old file is beside it, and it is told."""
    billing = replace(MARK, sub="billing")
    raw = write_floor(path, MARK, billing).read_bytes()
    with floor_file.held(path, CLOCK) as holder:
        holder.reset(PLATFORM)
        assert holder.floor == floor_of(replace(billing, iat=0))
    assert _codes(holder) == [AlarmCode.FLOOR_RESET]
    (aside,) = _asides(path)
    assert aside.name in holder.alarms[0].what
    assert aside.read_bytes() == raw
    assert _read(path) == floor_of(replace(billing, iat=0))


def test_a_reset_without_a_floor_is_told_too(path: Path) -> None:
    """Nothing to forget, nothing made."""
    with floor_file.held(path, CLOCK) as holder:
        holder.reset(PLATFORM)
    assert _codes(holder) == [AlarmCode.FLOOR_RESET]
    assert _names(path) == {"floor.json.lock"}


def test_a_reset_on_a_full_disk_forgets_for_this_once(path: Path) -> None:
    """What can't be written is forgotten for this judgement alone, and both are told."""
    write_floor(path, MARK)
    path.with_name("floor.json.lock").touch(mode=0o600)
    with _no_room(), floor_file.held(path, CLOCK) as holder:
        holder.reset(PLATFORM)
        assert holder.floor == Floor()
    assert _codes(holder) == [AlarmCode.FLOOR_RESET, AlarmCode.FLOOR_UNWRITABLE]
    assert _read(path) == floor_of(MARK)


def test_a_peek_leaves_no_trace(path: Path) -> None:
    """Without a lock, without a file made, without anything set aside."""
    write_floor(path, MARK)
    holder = floor_file.peek(path, CLOCK)
    holder.keep(floor_of(NEXT))
    assert (holder.alarms, _read(path)) == ([], floor_of(MARK))
    path.write_bytes(b"{")
    assert _codes(floor_file.peek(path, CLOCK)) == [AlarmCode.FLOOR_CORRUPT]
    assert path.read_bytes() == b"{"
    assert _names(path) == {"floor.json"}


def test_a_path_with_a_newline_is_one_line(path: Path) -> None:
    """What the user calls the file does not break the line it is told in."""
    place = path.with_name("floor\n\x1b[2J.json")
    place.mkdir()
    with floor_file.held(place, CLOCK) as holder:
        pass
    assert _codes(holder) == [AlarmCode.FLOOR_UNREADABLE]
