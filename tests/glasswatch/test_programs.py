"""Programs that are fed: bounded in time and in what they learn, and nothing of them is left."""

import subprocess
import threading
from pathlib import Path

import pytest

from glasswatch import programs
from glasswatch.clock import SystemClock
from tests.support.waiting import until

LONG = 30.0
CLOCK = SystemClock()


def _feed(script: str, *arguments: str, data: bytes = b"document", seconds: float = LONG) -> int:
    argv = ["/bin/sh", "-c", script, "sh", *arguments]
    return programs.feed(argv, data, seconds, CLOCK, threading.Event())


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_a_program_reads_exactly_what_it_is_fed(tmp_path: Path) -> None:
    """All of it, also when it is more than a pipe holds, and then the end."""
    data = b"0123456789abcdef" * 20_000
    assert _feed('cat >"$1"', str(tmp_path / "read"), data=data) == 0
    assert (tmp_path / "read").read_bytes() == data


def test_a_program_that_reads_nothing_is_judged_by_its_status() -> None:
    """A broken pipe is not a failure of ours, however much is left."""
    assert _feed("exit 0", data=b"x" * 1_000_000) == 0
    assert _feed("exec <&-; exit 3", data=b"x" * 1_000_000) == 3


def test_how_it_ended_is_returned_and_put_into_words() -> None:
    """By its status, or by a signal."""
    assert programs.how_it_ended(_feed("exit 7")) == "it ended with status 7"
    assert programs.how_it_ended(_feed("kill -9 $$")) == "signal 9 ended it"


def test_endless_output_is_thrown_away() -> None:
    """It neither blocks the program nor reaches anybody."""
    assert _feed("head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2") == 0


def test_a_program_learns_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH, HOME and LANG are all its environment, and it runs in /."""
    monkeypatch.setenv("GLASSWATCH_TEST_SECRET", "hunter2")
    assert (
        programs.feed(["/bin/sh", "-c", f"env >{tmp_path}/env; pwd >{tmp_path}/pwd"], b"", LONG, CLOCK, _never()) == 0
    )
    seen = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert seen <= {"PATH", "HOME", "LANG", "PWD", "OLDPWD", "SHLVL", "_"}  # a shell adds the last four
    assert (tmp_path / "pwd").read_text() == "/\n"


def _never() -> threading.Event:
    return threading.Event()


@pytest.mark.parametrize(
    "script", ['sleep 300 & echo $! >"$1"; wait', 'cat >/dev/null; sleep 300 & echo $! >"$1"; wait']
)
async def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path, script: str) -> None:
    """Once its time is up nothing of its group is left, whether it read its input or not."""
    written = tmp_path / "pid"
    with pytest.raises(TimeoutError):
        _feed(script, str(written), seconds=1.0)
    await until(lambda: _is_gone(int(written.read_text())))


async def test_what_a_program_leaves_running_is_killed_as_well(tmp_path: Path) -> None:
    """It ended well, and at once; its child would have gone on for minutes."""
    written = tmp_path / "pid"
    before = CLOCK.monotonic()
    assert _feed('sleep 300 & echo $! >"$1"', str(written)) == 0
    assert CLOCK.monotonic() - before < LONG / 2
    await until(lambda: _is_gone(int(written.read_text())))


async def test_a_program_is_killed_when_we_stop(tmp_path: Path) -> None:
    """Long before its time is up."""
    written, stopping = tmp_path / "pid", threading.Event()
    found: list[BaseException] = []

    def run() -> None:
        try:
            programs.feed(["/bin/sh", "-c", f"echo $$ >{written}; sleep 300"], b"", 300.0, CLOCK, stopping)
        except TimeoutError as fault:
            found.append(fault)

    thread = threading.Thread(target=run)
    thread.start()
    await until(lambda: written.exists() and written.read_text().endswith("\n"))
    stopping.set()
    await until(lambda: not thread.is_alive())
    assert len(found) == 1
    assert _is_gone(int(written.read_text()))


@pytest.mark.parametrize("program", ["/nonexistent/program", "/etc/hostname", "/"])
def test_what_is_no_program_can_not_be_run(program: str) -> None:
    """The system's reason, in words."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 - each has a reason of its own
        programs.feed([program], b"", LONG, CLOCK, _never())
    assert programs.cannot_run(caught.value).startswith("it can't be run: ")


def test_an_argument_that_no_program_can_take_is_told() -> None:
    """A zero byte ends arguments; the words are ours."""
    with pytest.raises(ValueError, match="null byte") as caught:
        programs.feed(["/bin/true", "a\0b"], b"", LONG, CLOCK, _never())
    assert programs.cannot_run(caught.value) == "it can't be run: not a program"


def test_no_zombie_is_left() -> None:
    """What was run was waited for."""
    _feed("exit 0")
    out = subprocess.run(
        ["/bin/ps", "-o", "stat=", "--ppid", str(_own_pid())], capture_output=True, text=True, check=False
    )
    assert "Z" not in out.stdout


def _own_pid() -> int:
    return int(Path("/proc/self/stat").read_text().split()[0])
