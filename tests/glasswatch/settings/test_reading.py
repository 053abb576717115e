"""The settings file is read only if nobody but its owner can have written it."""

import os
from pathlib import Path

import pytest

from glasswatch.errors import ExitCode
from glasswatch.settings.mistake import SettingsFault
from glasswatch.settings.reading import LARGEST_BYTES, read
from tests.support.settings_files import write


def _complaint(path: Path) -> str:
    with pytest.raises(SettingsFault) as caught:
        read(path)
    assert caught.value.exit_code is ExitCode.INVALID
    return str(caught.value)


def test_reads_text(tmp_path: Path) -> None:
    """The file's text is returned; a byte order mark is not part of it."""
    assert read(write(tmp_path, "deployment: pröd\n")) == "deployment: pröd\n"
    assert read(write(tmp_path, b"\xef\xbb\xbfdeployment: prod\n")) == "deployment: prod\n"


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o664])
def test_refuses_a_file_others_can_write(tmp_path: Path, mode: int) -> None:
    """A file that group or others can write is refused, with what to run."""
    path = write(tmp_path)
    path.chmod(mode)
    assert _complaint(path) == f"{path}  expected {path} to be writable by its owner only: run chmod go-w {path}"


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o644, 0o444])
def test_takes_a_file_others_can_read(tmp_path: Path, mode: int) -> None:
    """Others may read it: there are no secrets in it."""
    path = write(tmp_path)
    path.chmod(mode)
    assert read(path)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_refuses_a_directory_others_can_write(tmp_path: Path, mode: int) -> None:
    """Who can write the directory can put another file in place."""
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o700)
    path = write(folder)
    folder.chmod(mode)
    assert _complaint(path) == f"{path}  expected {folder} to be writable by its owner only: run chmod go-w {folder}"


def test_takes_a_directory_in_which_nobody_can_replace_what_is_not_theirs(tmp_path: Path) -> None:
    """The sticky bit, as on /tmp, keeps others from replacing the file."""
    folder = tmp_path / "tmp"
    folder.mkdir(mode=0o700)
    path = write(folder)
    folder.chmod(0o1777)
    assert read(path)


def test_looks_at_the_directories_of_a_link_and_of_its_target(tmp_path: Path) -> None:
    """A link can be replaced where it stands, and its target where that stands; both are said."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir(mode=0o700)
    there.mkdir(mode=0o700)
    write(there)
    link = here / "glasswatch.yaml"
    link.symlink_to(there / "glasswatch.yaml")
    assert read(link)
    for folder in (here, there):
        folder.chmod(0o777)
    assert [line.rpartition(" ")[2] for line in _complaint(link).splitlines()] == [str(here), str(there)]


def test_says_file_and_directory_together(tmp_path: Path) -> None:
    """Both are said in one go."""
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o700)
    path = write(folder)
    path.chmod(0o666)
    folder.chmod(0o777)
    assert len(_complaint(path).splitlines()) == 2


def test_says_what_can_not_be_read(tmp_path: Path) -> None:
    """A missing file, a directory and a pipe are each one line, and nothing waits for the pipe's other end."""
    path = tmp_path / "glasswatch.yaml"
    missing = f"{path}  expected a settings file that can be read: No such file or directory"
    assert _complaint(path) == missing
    assert _complaint(tmp_path).splitlines()[0].startswith(f"{tmp_path}  expected a ")
    os.mkfifo(path, 0o600)
    assert _complaint(path) == f"{path}  expected a regular file"


def test_refuses_what_is_too_large(tmp_path: Path) -> None:
    """4 MiB are read, and not a byte more."""
    assert len(read(write(tmp_path, b"#" * LARGEST_BYTES))) == LARGEST_BYTES
    assert _complaint(write(tmp_path, b"#" * (LARGEST_BYTES + 1))).endswith("  expected at most 4 MiB")


def test_says_where_text_is_not_utf8(tmp_path: Path) -> None:
    """Line and column count characters, not bytes."""
    path = write(tmp_path, "a: ä\nb: ä".encode() + b"\xff")
    assert _complaint(path) == f"{path}:2:5  expected text in UTF-8"
