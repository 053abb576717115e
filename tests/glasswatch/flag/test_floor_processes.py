"""Many readers at once on one floor, and readers that are killed: nothing goes back, nothing is ever half."""

import random
import select
import subprocess
import sys
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
    """Killed at any instant, a reader leaves a whole floor: what it said it kept, or the one after."""
    chance = random.Random(7)
    told = 0
    reader = _start(path, "forever")
    for _ in range(_KILLS):
        assert reader.stdout is not None
        for _ in range(chance.randrange(1, 4)):
            told = int(reader.stdout.readline())
        # Somewhere within the next write, which takes about so long.
        select.select([reader.stdout], [], [], chance.random() * 0.004)
        reader.kill()
        out, err = reader.communicate(timeout=30)
        assert err == b""
        told = max([told, *map(int, out.split()[:-1])])
        assert told <= _kept(path)
        reader = _start(path, "forever")
    reader.kill()
    reader.communicate(timeout=30)
    names = {entry.name for entry in path.parent.iterdir()}
    assert names - {".floor.json.new"} == {"floor.json", "floor.json.lock"}
