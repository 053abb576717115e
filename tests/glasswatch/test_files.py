"""Replacing a file, whole or not at all."""

import os
import threading
from pathlib import Path

import pytest

from glasswatch.files import replace


def test_creates_and_replaces(tmp_path: Path) -> None:
    """The file holds exactly the new bytes, and nothing else is left in the directory."""
    path = tmp_path / "flag.jws"
    replace(path, b"one")
    replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o640])
def test_has_exactly_the_mode(tmp_path: Path, mode: int) -> None:
    """The mode is the one asked for, whatever the umask and the mode of the file before."""
    path = tmp_path / "flag.jws"
    path.write_bytes(b"")
    path.chmod(0o666)
    before = os.umask(0o077)
    try:
        replace(path, b"new", mode)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode


def test_leaves_the_old_file_when_it_fails(tmp_path: Path) -> None:
    """When the target can't be replaced it stays, and no temporary file is left behind."""
    path = tmp_path / "taken"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        replace(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_fails_without_a_directory(tmp_path: Path) -> None:
    """A directory that isn't there is an OSError; it is not made."""
    with pytest.raises(FileNotFoundError):
        replace(tmp_path / "no" / "flag.jws", b"new")
    assert list(tmp_path.iterdir()) == []


def test_replaces_a_link_and_not_what_it_points_to(tmp_path: Path) -> None:
    """A symbolic link is replaced itself."""
    other = tmp_path / "other"
    other.write_bytes(b"kept")
    path = tmp_path / "flag.jws"
    path.symlink_to(other)
    replace(path, b"new")
    assert other.read_bytes() == b"kept"
    assert not path.is_symlink()
    assert path.read_bytes() == b"new"


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    """Whoever reads while the file is replaced sees one whole version."""
    path = tmp_path / "flag.jws"
    versions = [bytes([letter]) * 200_000 for letter in b"abc"]
    replace(path, versions[0])
    is_over = threading.Event()
    seen: set[bytes] = set()

    def read() -> None:
        while not is_over.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(60):
        replace(path, versions[turn % 3])
    is_over.set()
    reader.join(10)
    assert seen
    assert seen <= set(versions)
