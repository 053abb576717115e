import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import pytest

from tests.support.leftovers import processes_naming

SECONDS = 30.0


@contextmanager
def _demo(directory: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    argv = (sys.executable, "-m", "monitor", "demo", "--dir", str(directory), *arguments)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        try:
            yield demo
        finally:
            demo.kill()
            assert demo.stdout is not None
            demo.stdout.close()
            demo.wait(SECONDS)
    assert _gone(directory), processes_naming(directory)


def _read_until(demo: "subprocess.Popen[str]", pattern: str) -> str:
    """Return all lines up to the first that holds the pattern. The demo's own deadlines bound the wait."""
    assert demo.stdout is not None
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if re.search(pattern, line):
            return "".join(lines)
    raise AssertionError(f"never came: {pattern}\n{''.join(lines)}")


def _gone(directory: Path) -> bool:
    deadline = perf_counter() + SECONDS
    while perf_counter() < deadline:
        if not processes_naming(directory):
            return True
    return False


def _shell(command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, shell=True, capture_output=True, text=True, timeout=SECONDS, check=False)


def _command(text: str, words: str) -> str:
    """Return the printed command that holds these words, joined over its lines."""
    joined = text.replace("\\\n", "")
    return next(line.strip() for line in joined.splitlines() if words in line)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A state directory with a space in its name: what is printed must be copied as it stands."""
    return tmp_path / "my demo"


def test_what_the_demo_prints_can_be_copied(directory: Path) -> None:
    """Its own commands break the platform, show the flag ready, and mend it; pages appear on screen meanwhile."""
    with _demo(directory, "--port", "0") as demo:
        printed = _read_until(demo, "Pages, as they arrive")
        verify = _command(printed, "flag verify")
        assert _shell(verify).returncode == 1, "sealed at first"
        assert _shell(_command(printed, "demo break")).returncode == 0
        _read_until(demo, "PAGE flag firing")
        ready = _shell(verify)
        assert (ready.returncode, "is ready" in ready.stdout) == (0, True), ready.stderr
        assert _shell(_command(printed, "demo recover")).returncode == 0
        _read_until(demo, "PAGE outage resolved")
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(SECONDS) == 5
    assert processes_naming(directory) == []
    assert not directory.exists()


def test_interrupting_the_story_cleans_everything_up(directory: Path) -> None:
    """Ctrl-C in the middle of the outage: exit 5, no process, no file."""
    with _demo(directory, "--story", "--port", "0") as demo:
        _read_until(demo, r"\bbreak\b")
        demo.send_signal(signal.SIGINT)
        assert demo.wait(SECONDS) == 5
    assert processes_naming(directory) == []
    assert not directory.exists()


def test_killing_the_demo_leaves_no_process(directory: Path) -> None:
    """SIGKILL gives nobody time to clean up, and still everything ends; the next demo starts in the same place."""
    with _demo(directory, "--port", "0") as demo:
        _read_until(demo, "Pages, as they arrive")
        assert len(processes_naming(directory)) >= 4
        demo.kill()
        demo.wait(SECONDS)
        assert _gone(directory)
    with _demo(directory, "--port", "0") as demo:
        _read_until(demo, "Pages, as they arrive")
        demo.send_signal(signal.SIGINT)
        assert demo.wait(SECONDS) == 5


def test_a_monitor_that_dies_ends_the_story_as_a_finding(directory: Path) -> None:
    """The end of its log is shown, and the logs are left."""
    with _demo(directory, "--story", "--port", "0") as demo:
        _read_until(demo, "Status page")
        daemon = next(line for line in processes_naming(directory) if " run --config " in line)
        os.kill(int(daemon.split()[0]), signal.SIGKILL)
        _read_until(demo, r"the monitor ended on its own \(signal 9\)")
        assert demo.wait(SECONDS) == 1
    assert (directory / "logs" / "monitor.log").exists()


def test_a_port_that_is_taken_is_said_and_replaced(directory: Path) -> None:
    """The demo starts all the same."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with _demo(directory, "--port", str(port)) as demo:
            printed = _read_until(demo, "Pages, as they arrive")
            demo.send_signal(signal.SIGINT)
            assert demo.wait(SECONDS) == 5
    assert f"(Port {port} can't be had, so another one is used.)" in printed
    assert f":{port}/" not in printed
