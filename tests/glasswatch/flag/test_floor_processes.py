"""Many readers at once on one floor, and readers that are killed: nothing goes back, nothing is ever half."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from glasswatch.flag import floor
from tests.support.floors import MARK

_ROOT = Path(__file__).parents[3]
_READERS = 20
_KILLS = 100


def _start(path: Path, *words: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.support.floor_reader", str(path), *words]
    return subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the floor of the test is kept."""
    tmp_path.chmod(0o700)
    return tmp_path / "floor.json"


def _kept(path: Path) -> int:
    mark = floor.parse(path.read_bytes()).mark(MARK)
    return 0 if mark is None else mark.ver


def test_twenty_readers_at_once_never_lower_it(path: Path) -> None:
    """No process ever sees the floor lower than it saw it before; in the end the highest accepted version stands."""
    readers = [_start(path, "race", "15") for _ in range(_READERS)]
    highest = 0
    for reader in readers:
        out, err = reader.communicate(timeout=90)
        assert (reader.returncode, err) == (0, b"")
        highest = max(highest, int(out))
    assert _kept(path) == highest
    assert {entry.name for entry in path.parent.iterdir()} == {"floor.json", "floor.json.lock"}


def test_a_hundred_kills_leave_the_old_floor_or_the_new(path: Path) -> None:
    """Killed at any instant, a reader leaves a whole floor: what it said it kept last, or the one after."""
    out, err = _start(path, "kills", str(_KILLS)).communicate(timeout=100)
    assert err == b""
    assert int(out) == _kept(path) >= _KILLS
    names = {entry.name for entry in path.parent.iterdir()}
    assert names - {".floor.json.new"} == {"floor.json", "floor.json.lock"}


OWNER, STRANGER = 12345, 23456


@pytest.fixture
def shared() -> Iterator[Path]:
    """Return where a floor is to be kept in a directory that other users can reach."""
    if os.geteuid() != 0:
        pytest.skip("only root can be other users")
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        os.chown(place, OWNER, OWNER)
        yield Path(place) / "floor.json"


def _look(path: Path, *words: str) -> dict[str, object]:
    out, err = _start(path, *words).communicate(timeout=60)
    assert err == b""
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def test_root_and_the_readers_user_share_a_floor(shared: Path) -> None:
    """Whoever of the two came first: neither shuts the other out."""
    ver = MARK.ver + 1
    assert _look(shared) == {"ver": None, "alarms": []}
    assert _look(shared, "as", str(OWNER)) == {"ver": ver, "alarms": []}
    assert _look(shared) == {"ver": ver, "alarms": []}
    shared.unlink()
    assert _look(shared, "as", str(OWNER)) == {"ver": None, "alarms": []}
    assert _look(shared) == {"ver": ver, "alarms": []}


def test_another_user_reads_it_with_an_alarm_and_changes_nothing(shared: Path) -> None:
    """Neither lock nor file are the stranger's, and its owner could put anything there."""
    ver = MARK.ver + 1
    _look(shared, "as", str(OWNER))
    shared.chmod(0o644)
    before = shared.read_bytes()
    assert _look(shared, "as", str(STRANGER)) == {"ver": ver, "alarms": ["floor_open", "floor_unwritable"]}
    shared.chmod(0o600)
    assert _look(shared, "as", str(STRANGER)) == {"ver": None, "alarms": ["floor_unreadable", "floor_unwritable"]}
    assert shared.read_bytes() == before
