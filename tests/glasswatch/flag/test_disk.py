import os
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock
from glasswatch.flag import disk
from tests.support.clock import ManualClock


class _Impatient(ManualClock):
    """A clock on which every look takes a minute."""

    def monotonic(self) -> float:
        self.advance(60)
        return super().monotonic()


def test_one_byte_more_than_the_limit_is_read_and_no_more(tmp_path: Path) -> None:
    """A read is bounded, and the reader can tell that there was too much."""
    path = tmp_path / "big"
    path.write_bytes(b"x" * 1000)
    assert disk.read(path, 10, SystemClock()).data == b"x" * 11
    assert disk.read(Path("/dev/zero"), 10, SystemClock()).data == bytes(11)


def test_a_file_has_its_mode_and_a_device_none(tmp_path: Path) -> None:
    """Permission bits are those of a regular file; a device's or pipe's mean nothing here."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    path.chmod(0o640)
    assert disk.read(path, 10, SystemClock()) == disk.Found(b"x", 0o640)
    assert disk.read(Path("/dev/null"), 10, SystemClock()) == disk.Found(b"", 0)


def test_a_pipe_in_pieces_is_read_to_its_end() -> None:
    """What comes in several pieces is put together."""
    read_end, write_end = os.pipe()
    os.write(write_end, b"one ")
    os.write(write_end, b"two")
    os.close(write_end)
    assert disk.drain(read_end, 100, SystemClock()) == b"one two"
    os.close(read_end)


def test_a_pipe_that_never_ends_is_given_up(tmp_path: Path) -> None:
    """A FIFO that nobody writes to, and a pipe that nobody closes, end in a timeout."""
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(TimeoutError):
        disk.read(tmp_path / "fifo", 10, _Impatient())
    read_end, write_end = os.pipe()
    with pytest.raises(TimeoutError):
        disk.drain(read_end, 10, _Impatient())
    os.close(read_end)
    os.close(write_end)


def test_replacing_sets_bytes_and_mode_and_leaves_nothing_beside(tmp_path: Path) -> None:
    """A replaced file has the new bytes and mode, whatever the umask; no temporary file stays."""
    path = tmp_path / "file"
    umask = os.umask(0o077)
    try:
        disk.replace(path, b"one", 0o644)
        disk.replace(path, b"two", 0o644)
    finally:
        os.umask(umask)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_a_replacement_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    """Where the rename fails, here onto a directory, there is no trace of it."""
    target = tmp_path / "directory"
    target.mkdir()
    with pytest.raises(IsADirectoryError):
        disk.replace(target, b"x", 0o644)
    assert list(tmp_path.iterdir()) == [target]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """A file that can't be written whole is taken away again."""
    with pytest.raises(TypeError):
        disk.create(tmp_path / "file", "text is no bytes", 0o600)  # type: ignore[arg-type]  # makes os.write fail
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_is_whole_and_never_over_another(tmp_path: Path) -> None:
    """It has its mode whatever the umask says, and what is there already stays, with nothing left beside it."""
    path = tmp_path / "order.jws"
    before = os.umask(0o077)
    try:
        disk.place(path, b"order", 0o644)
    finally:
        os.umask(before)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"order", 0o644)
    for in_the_way in (path, tmp_path):
        with pytest.raises(FileExistsError):
            disk.place(in_the_way, b"another", 0o644)
    assert path.read_bytes() == b"order"
    assert [entry.name for entry in tmp_path.iterdir()] == ["order.jws"]


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    """Even one that leads nowhere: nothing is made where it points."""
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        disk.place(tmp_path / "link", b"order", 0o644)
    assert not (tmp_path / "elsewhere").exists()


def test_a_new_file_that_can_not_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Where its whole can't take its place, the place is free again."""
    path = tmp_path / ("x" * 240)  # the name fits, that of the temporary file does not
    with pytest.raises(OSError, match="File name too long"):
        disk.place(path, b"order", 0o644)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_modes_takes_what_everybody_may_read() -> None:
    """A mode that can't be set is no fault of a public file; a secret one is not written without it."""
    descriptor = os.open("/proc/self/status", os.O_RDONLY)  # as on a FAT stick, nobody may change its mode
    try:
        disk._set_mode(descriptor, 0o644)
        with pytest.raises(PermissionError):
            disk._set_mode(descriptor, 0o600)
    finally:
        os.close(descriptor)
