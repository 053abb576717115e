"""Whatever bytes and words it is given, `flag verify` answers, in lines, and opens for nothing but a true ready."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from glasswatch.flag import floor
from monitor.commands.flag.group import command
from monitor.commands.flag.verify_options import OPTIONS
from tests.support.flags import EXERCISE_CLAIMS, OTHER_KEY, READY_CLAIMS, STANDBY_CLAIMS, signed
from tests.support.floors import MARK, floor_of
from tests.support.verifying import Desk

READY = signed(READY_CLAIMS)
FLOOR = floor.dump(floor_of(MARK))  # higher than READY: with it, nothing here is ready
NOT_READY = (
    signed(STANDBY_CLAIMS),
    signed(EXERCISE_CLAIMS),
    signed(READY_CLAIMS, OTHER_KEY),
    b"",
    b"junk",
)


@contextmanager
def _desk() -> Iterator[Desk]:
    with tempfile.TemporaryDirectory() as place:
        yield Desk(Path(place))


def _is_an_answer(done: Result) -> None:
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in {0, 1, 2, 4}
    assert all(line.isprintable() for line in done.stderr.splitlines())
    assert "Traceback" not in done.output
    assert (done.exit_code in {2, 4}) == (done.stdout == "")


damages = st.tuples(st.integers(0, 10**6), st.binary(max_size=3), st.integers(0, 3))


def _damaged(raw: bytes, damage: tuple[int, bytes, int]) -> bytes:
    place, put, cut = damage
    place %= len(raw) + 1
    return raw[:place] + put + raw[place + cut :]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(NOT_READY) | damages.map(lambda d: _damaged(READY, d)), min_size=1, max_size=3))
def test_documents(documents: list[bytes]) -> None:
    """Anything but an undamaged ready is no ready, one by one and together."""
    with _desk() as desk:
        done = desk.verify(*[desk.put(document, f"{number}") for number, document in enumerate(documents)])
        _is_an_answer(done)
        if not any(document.removesuffix(b"\n") == READY for document in documents):
            assert done.exit_code != 0


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | damages)
def test_trust_files(change: bytes | tuple[int, bytes, int]) -> None:
    """A damaged trust file lets no stranger in, and never breaks the reader."""
    with _desk() as desk:
        path = Path(desk.options["--trust"])
        path.write_bytes(change if isinstance(change, bytes) else _damaged(path.read_bytes(), change))
        _is_an_answer(desk.verify(desk.put(READY)))
        assert desk.verify(desk.put(signed(READY_CLAIMS, OTHER_KEY))).exit_code == 4


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | damages)
def test_floor_files(change: bytes | tuple[int, bytes, int]) -> None:
    """A damaged floor never breaks the reader nor refuses more than a floor can, and no damage makes a ready."""
    with _desk() as desk:
        path = desk.directory / "floor.json"
        path.write_bytes(change if isinstance(change, bytes) else _damaged(FLOOR, change))
        done = desk.verify(desk.put(READY), floor=str(path))
        _is_an_answer(done)
        if done.exit_code != 0:
            assert done.stderr.splitlines()[-2].startswith(("refused (ver_below_floor)", "refused (equivocation)"))
        assert desk.verify(desk.put(NOT_READY[0]), floor=str(path)).exit_code != 0


names = st.sampled_from([*(option.name for option in OPTIONS), "--help", "--no-such", "-h", "--", "-", ""])
values = st.sampled_from(
    ["prod", "payments", "20m", "0", "1", "2026-03-01T03:00:00Z", "trust", "ready", "standby", "x"]
)
words = st.lists(names | values | st.builds("{}={}".format, names, values) | st.text(max_size=4), max_size=14)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Return a directory to work in, with a trust file and no ready flag."""
    desk = Desk(tmp_path)
    Path(desk.options["--trust"]).rename(tmp_path / "trust")
    desk.put(signed(STANDBY_CLAIMS), "standby")
    desk.put(signed(READY_CLAIMS, OTHER_KEY), "ready")
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


def test_command_lines(place: Path) -> None:
    """No line of words opens a flag that is not ready; only `--help` alone ends with 0."""
    runner = CliRunner()

    @settings(max_examples=600, deadline=None)
    @given(words)
    def of_words(line: list[str]) -> None:
        done = runner.invoke(command, ["verify", *line], input=b"")
        if line == ["--help"]:
            return
        _is_an_answer(done)
        assert done.exit_code != 0

    of_words()
