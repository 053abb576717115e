"""Following a file: nothing is missed and nothing read twice, however it is rotated."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasswatch import tail


class Follower:
    """Reads on from place to place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place: str | None = None
        self.lines: list[tail.Line] = []

    def read(self) -> list[str]:
        """Read once; return the new lines."""
        lines, self.place = tail.read(self.path, self.place)
        self.lines += lines
        return [line.text for line in lines]

    def read_all(self) -> list[str]:
        """Read until nothing more comes, twice in a row."""
        found: list[str] = []
        quiet = 0
        while quiet < 2:
            new = self.read()
            quiet = 0 if new else quiet + 1
            found += new
        return found


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with a line that is older than the watcher."""
    path = tmp_path / "app.log"
    path.write_text("old\n")
    return path


def add(path: Path, text: str) -> None:
    """Write to the end of a log."""
    with path.open("a") as file:
        file.write(text)


def test_what_is_older_is_nobodys_news(log: Path) -> None:
    """It begins at the end; what comes then is read once."""
    follower = Follower(log)
    assert follower.read() == []
    add(log, "one\ntwo\n")
    assert follower.read() == ["one", "two"]
    assert follower.read() == []


def test_an_unfinished_line_waits(log: Path) -> None:
    """Also one that was unfinished when the watcher came."""
    add(log, "ha")
    follower = Follower(log)
    follower.read()
    add(log, "lf\nne")
    assert follower.read() == ["half"]
    add(log, "xt\n")
    assert follower.read() == ["next"]


def test_renamed_and_made_anew_nothing_is_missed(log: Path) -> None:
    """What came before the rename, between rename and reopening, and after it, in order."""
    follower = Follower(log)
    follower.read()
    add(log, "before\n")
    old = log.with_name("app.log.1")
    log.rename(old)
    assert follower.read() == ["before"]  # nothing there under its name: the old one is followed
    log.write_text("")
    add(old, "between\nunfinished")
    assert follower.read_all() == ["between"]
    add(log, "after\n")
    assert follower.read_all() == ["unfinished", "after"]


def test_a_restart_after_a_rotation_finds_the_old_file(log: Path) -> None:
    """By its inode, under whatever name it has now."""
    follower = Follower(log)
    follower.read()
    add(log, "while away\n")
    log.rename(log.with_name("app-2026.log"))
    log.write_text("new\n")
    again = Follower(log)
    again.place = follower.place
    assert again.read_all() == ["while away", "new"]


def test_cut_short_it_is_read_from_its_start(log: Path) -> None:
    """Copied and truncated, as some rotate; also if it has grown longer than before meanwhile."""
    follower = Follower(log)
    follower.read()
    add(log, "one\n")
    follower.read()
    for text in ("two\n", "a line much longer than all that was there before\n"):
        os.truncate(log, 0)
        add(log, text)
        assert follower.read_all() == [text.rstrip()]


def test_a_file_that_is_gone_cannot_be_read(log: Path) -> None:
    """Not measured; nothing is made up."""
    follower = Follower(log)
    follower.read()
    log.unlink()
    with pytest.raises(FileNotFoundError):
        follower.read()


def test_what_is_no_file_cannot_be_read(tmp_path: Path) -> None:
    """A pipe would hold us for ever, a directory has no lines."""
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(OSError, match="not a file"):
            tail.read(tmp_path / name, None)


def test_lines_and_parts_are_bounded(log: Path) -> None:
    """A line without end is cut; much at once comes in parts, and all of it."""
    follower = Follower(log)
    follower.read()
    add(log, "x" * (3 * tail.MAX_LINE) + "\n")
    add(log, "".join(f"line {number:<1000}\n" for number in range(3000)))
    found = follower.read_all()
    assert max(len(line) for line in found) <= tail.MAX_LINE
    assert [line.split()[1] for line in found if line.startswith("line")] == [str(number) for number in range(3000)]


def test_a_place_that_nobody_wrote_is_none(log: Path) -> None:
    """A damaged cursor begins at the end, as a first start does."""
    for place in ("", "{}", "[1]", "nonsense"):
        lines, after = tail.read(log, place)
        assert lines == []
        assert tail.read(log, after)[0] == []


def test_a_file_that_came_later_is_read_from_its_start(log: Path) -> None:
    """What stands in it came after the watcher did."""
    follower = Follower(log)
    follower.place = tail.FROM_START
    assert follower.read_all() == ["old"]


ACTS = st.lists(st.sampled_from(["write", "write two", "read", "rename", "truncate", "restart"]), max_size=25)


@settings(max_examples=60, deadline=None)
@given(ACTS)
def test_whatever_happens_each_line_is_read_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, acts: list[str]
) -> None:
    """Lines written, files rotated, the watcher restarted, in any order; it reads before each rotation is repeated."""
    path = tmp_path_factory.mktemp("tail") / "app.log"
    path.write_text("")
    follower = Follower(path)
    follower.read()
    written: list[str] = []
    for number, act in enumerate(acts):
        if act.startswith("write"):
            lines = [f"{number} {each}" for each in range(len(act.split()))]
            add(path, "".join(f"{line}\n" for line in lines))
            written += lines
        elif act in ("rename", "truncate"):
            follower.read_all()
            if act == "rename":
                path.rename(path.with_name(f"app.log.{number}"))
                path.write_text("")
            else:
                os.truncate(path, 0)
        elif act == "restart":
            before, follower = follower, Follower(path)
            follower.place, follower.lines = before.place, before.lines
        else:
            follower.read()
    follower.read_all()
    assert [line.text for line in follower.lines] == written
