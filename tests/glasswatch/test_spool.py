"""A spool keeps attempts whole, bounded and for one sender at a time."""

import json
import os
import threading
from pathlib import Path

import pytest

from glasswatch import spool
from glasswatch.clock import SystemClock
from tests.support.clock import ManualClock

CLOCK = SystemClock()


def test_what_is_kept_is_there_whole(tmp_path: Path) -> None:
    """In a directory of the reader's own, readable by its group."""
    place = tmp_path / "spool"
    path = spool.keep(place, {"id": "r-1", "person": "Ännä"}, CLOCK)
    assert json.loads(path.read_bytes()) == {"id": "r-1", "person": "Ännä"}
    assert (place.stat().st_mode & 0o777, path.stat().st_mode & 0o777) == (0o700, 0o640)
    assert not spool.is_open_to_others(place)
    assert spool.waiting(place) == [path]


def test_the_oldest_waits_first(tmp_path: Path) -> None:
    """Whatever their ids are; what is not ours or not finished does not wait."""
    clock = ManualClock()
    paths = []
    for number in range(3):
        paths.append(spool.keep(tmp_path, {"id": f"r-{9 - number}"}, clock))
        clock.advance(1)
    (tmp_path / ".half").write_text("{")
    (tmp_path / "notes.txt").write_text("x")
    assert spool.waiting(tmp_path) == paths


def test_many_readers_at_once_lose_nothing(tmp_path: Path) -> None:
    """Two hundred attempts from eight threads are two hundred files."""

    def keep(number: int) -> None:
        for each in range(25):
            spool.keep(tmp_path, {"id": f"r-{number}-{each}"}, CLOCK)

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = {json.loads(path.read_bytes())["id"] for path in spool.waiting(tmp_path)}
    assert len(ids) == 200


def test_it_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the size of a file and in their number; nothing half is left behind."""
    with pytest.raises(ValueError, match="16384"):
        spool.keep(tmp_path, {"note": "x" * spool.MAX_BYTES}, CLOCK)
    monkeypatch.setattr(spool, "MOST_FILES", 2)
    for _ in range(2):
        spool.keep(tmp_path, {}, CLOCK)
    with pytest.raises(OSError, match="is full"):
        spool.keep(tmp_path, {}, CLOCK)
    assert len(os.listdir(tmp_path)) == 2  # noqa: PTH208 - hidden ones too


def test_who_knocks_without_end_keeps_no_access_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refusals leave room, and wait behind what was allowed."""
    monkeypatch.setattr(spool, "MOST_FILES", 10)
    for _ in range(9):
        spool.keep(tmp_path, {"decision": "refused"}, CLOCK)
    with pytest.raises(OSError, match="is full"):
        spool.keep(tmp_path, {"decision": "refused"}, CLOCK)
    allowed = spool.keep(tmp_path, {"decision": "allowed"}, CLOCK)
    assert spool.waiting(tmp_path)[0] == allowed


def test_a_directory_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    """Said, so that its reader can say it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        spool.keep(tmp_path / "file", {}, CLOCK)
    with pytest.raises(FileNotFoundError):
        spool.keep(tmp_path / "no" / "such", {}, CLOCK)


def test_a_spool_open_to_others_is_noticed(tmp_path: Path) -> None:
    """Who can remove a file can hide an access."""
    for mode, is_open in ((0o700, False), (0o3770, False), (0o777, True), (0o701, True)):
        tmp_path.chmod(mode)
        assert spool.is_open_to_others(tmp_path) is is_open
    tmp_path.chmod(0o700)


def test_a_file_is_sent_by_one_at_a_time(tmp_path: Path) -> None:
    """While one holds it, to another it is somebody else's; afterwards it can be had again."""
    path = spool.keep(tmp_path, {"id": "r-1"}, CLOCK)
    with spool.locked(path) as mine:
        assert mine is not None
        with spool.locked(path) as other:
            assert other is None
    with spool.locked(path) as again:
        assert again == mine
        spool.remove(path)
        with spool.locked(path) as gone:
            assert gone is None


def test_what_is_no_file_is_a_fault(tmp_path: Path) -> None:
    """Neither a directory, nor a pipe that nobody writes to, nor a link to somewhere else."""
    (tmp_path / "a.json").mkdir()
    os.mkfifo(tmp_path / "b.json")
    (tmp_path / "c.json").symlink_to("/etc/hostname")
    for name in ("a", "b", "c"):
        with pytest.raises(OSError, match=name), spool.locked(tmp_path / f"{name}.json"):
            pass


def test_what_is_set_aside_waits_no_more_and_is_kept(tmp_path: Path) -> None:
    """For somebody to look into."""
    path = spool.keep(tmp_path, {"id": "r-1"}, CLOCK)
    to = spool.set_aside(path)
    assert spool.waiting(tmp_path) == []
    assert to.read_bytes() == b'{"id":"r-1"}'
