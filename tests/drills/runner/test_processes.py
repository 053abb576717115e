"""What only real processes show: signals, SIGKILL, a terminal and an output that are gone.

The matrix of all points is `test_matrix.py`'s. Several drills run at once here, for each has to start.
"""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from drills.cli import command
from drills.journal.reading import read
from drills.model.event import Closed, Ended, Interrupted, Resumed
from drills.model.step import Status
from glasswatch import cli
from tests.support.drill_processes import WITHIN, Host, argv, host, leave, marking
from tests.support.leftovers import processes_naming


@contextmanager
def drilling(where: Host) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the scenario within the block."""
    process = where.start("run", "q")
    try:
        yield process
    finally:
        leave(process)


def here(where: Host, *words: str) -> int:
    """Call `drill` in this process, where nothing is begun."""
    return cli.run(command, "drill", [*words, "--config", str(where.config)])


def sleeping(root: Path) -> Host:
    """Return a host whose second step takes a minute, and whose first undo takes a moment."""
    second = marking(root, "two", act=f"touch {root}/marks/busy; sleep 60", undo=f"rm -f {root}/marks/busy; sleep 0.3")
    return host(root, [marking(root, "one"), second])


def test_signals_stop_a_run_and_cut_no_clean_up_short(tmp_path: Path) -> None:
    """SIGINT, SIGTERM and SIGHUP, each three times: all is taken back, exit 5, and no child is left."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    hosts = [sleeping(tmp_path / number.name) for number in numbers]
    with ExitStack() as stack:
        running = [stack.enter_context(drilling(each)) for each in hosts]
        for where, process, number in zip(hosts, running, numbers, strict=True):
            where.wait_for(process, "one", "two", "busy")
            process.send_signal(number)
            process.send_signal(number)
        for where, process, number in zip(hosts, running, numbers, strict=True):
            if "busy" not in where.marks() and process.poll() is None:
                process.send_signal(number)
            assert process.wait(WITHIN) == 5, where.output.read_text()
            assert where.marks() == set()
            events = [entry.event for entry in read(where.run_directory()).entries]
            assert [event.by for event in events if isinstance(event, Interrupted)] == [number.name]
            assert [event.exit_code for event in events if isinstance(event, Closed)] == [5]
    assert processes_naming(tmp_path) == []


def test_killed_and_resumed_from_a_copy_of_its_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a step, and in clean-up: what was done is taken back, and no child goes on."""
    step, undo = tmp_path / "step", tmp_path / "undo"
    once = f"mkdir {undo}/first 2>/dev/null && touch {undo}/marks/undoing && sleep 60; rm -f {undo}/marks/undoing"
    hosts = [
        sleeping(step),
        host(undo, [marking(undo, "one"), marking(undo, "two", undo=once)]),
    ]
    with ExitStack() as stack:
        running = [stack.enter_context(drilling(each)) for each in hosts]
        for where, process, mark in zip(hosts, running, ("busy", "undoing"), strict=True):
            where.wait_for(process, "one", "two", mark)
            process.kill()
            process.wait(WITHIN)
    for where in hosts:
        run = where.run_directory()
        copy = where.root / "copy"
        shutil.copytree(run, copy)
        assert here(where, "resume", run.name, "--from", str(copy)) == 4
        assert "nobody can say whether this copy is the newest" in capsys.readouterr().err
        resumed = where.call("resume", run.name, "--from", str(copy), "--newest")
        assert resumed.returncode == 5, resumed
        assert where.marks() == set()
        events = [entry.event for entry in read(copy).entries]
        assert [event.verdict for event in events if isinstance(event, Closed)] == ["aborted"]
        assert any(isinstance(event, Resumed) for event in events)
        assert here(where, "resume", run.name, "--from", str(copy)) == 2
        assert "is closed" in capsys.readouterr().err
    cut = [e.event for e in read(step / "copy").entries if isinstance(e.event, Ended)]
    assert [event.status for event in cut] == [Status.PASSED, Status.INTERRUPTED]
    assert processes_naming(tmp_path) == []


def test_nobody_reading_and_no_room_are_no_reason_to_leave_anything_behind(tmp_path: Path) -> None:
    """Standard output closed in mid-run; the evidence directory gone in mid-run (7)."""
    silent, lost = sleeping(tmp_path / "silent"), sleeping(tmp_path / "lost")
    with ExitStack() as stack:
        gone = stack.enter_context(drilling(lost))
        piped = subprocess.Popen(
            argv("run", "q", "--config", str(silent.config)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(leave, piped)
        assert piped.stdout is not None
        stack.callback(piped.stdout.close)
        silent.wait_for(piped, "one", "two", "busy")
        piped.stdout.close()
        piped.send_signal(signal.SIGTERM)
        lost.wait_for(gone, "one", "two", "busy")
        shutil.rmtree(lost.evidence)
        gone.send_signal(signal.SIGTERM)
        assert piped.wait(WITHIN) == 5
        assert gone.wait(WITHIN) == 7, lost.output.read_text()
    assert silent.marks() == lost.marks() == set()
    assert (silent.run_directory() / "report.html").exists()
    assert "no report of" in lost.output.read_text()
    assert "the journal can't be written" in lost.output.read_text()


def test_stopped_from_another_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`drill stop --wait` returns when all is taken back, and says what the run came to."""
    where = sleeping(tmp_path)
    with drilling(where) as process:
        where.wait_for(process, "one", "two", "busy")
        run = where.run_directory().name
        stopped = where.call("stop", run, "--wait")
        assert (stopped.returncode, where.marks()) == (0, set()), stopped
        assert "aborted" in stopped.stdout
        assert process.wait(WITHIN) == 5
    assert where.output.read_text().splitlines()[-1] == f"report: {where.run_directory() / 'report.html'}"
    assert here(where, "stop", run) == 2
    assert "nobody works on" in capsys.readouterr().err


@pytest.fixture(autouse=True)
def _signals_as_usual() -> None:
    """Tests are run with nothing ignored that a drill would then ignore too."""
    for number in (signal.SIGHUP, signal.SIGTERM):
        assert signal.getsignal(number) is not signal.SIG_IGN
