"""Secrets printed by a command: bounded in time, size and what the command learns."""

import os
import threading
from pathlib import Path

import pytest

from glasswatch.errors import SecretUnavailable
from glasswatch.secrets import LARGEST_BYTES, SecretReference, resolve
from tests.support.clock import ManualClock
from tests.support.waiting import until

PLANTED = "hunter2-planted"


class HastyClock(ManualClock):
    """A clock on which, once a file is written, nearly the whole deadline passes with each reading."""

    def __init__(self, written: Path) -> None:
        super().__init__()
        self._written = written
        self._is_started = False

    def monotonic(self) -> float:
        """Wait for the file, but for the first time; return a time 9.9 s later than before."""
        for _ in range(2000 if self._is_started else 0):
            if self._written.exists() and self._written.read_text().endswith("\n"):
                break
            threading.Event().wait(0.005)
        self._is_started = True
        self.advance(9.9)
        return super().monotonic()


def _shell(script: str, *arguments: str) -> SecretReference:
    return SecretReference(command=["/bin/sh", "-c", script, "sh", *arguments])


def _complaint(reference: SecretReference, clock: HastyClock | None = None) -> str:
    with pytest.raises(SecretUnavailable) as caught:
        resolve(reference, clock)
    assert PLANTED not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value).removeprefix("secret from command /bin/sh: ")


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_reads_what_a_command_prints() -> None:
    """Standard output without its last newline is the secret; the rest is thrown away."""
    assert resolve(_shell("echo s3; echo noise >&2")).reveal() == "s3"


def test_gives_arguments_as_they_are() -> None:
    """No shell comes between: blanks, quotes and dollars reach the program."""
    word = "a b;'\"$HOME`id`*"
    assert resolve(SecretReference(command=["/bin/echo", word])).reveal() == word


def test_a_command_learns_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH, HOME and LANG are all the environment it has; it runs in / and reads nothing."""
    monkeypatch.setenv("GLASSWATCH_TEST_SECRET", PLANTED)
    monkeypatch.setenv("LANG", "C.UTF-8")
    seen = resolve(SecretReference(command=["/usr/bin/env"])).reveal().splitlines()
    assert {line.partition("=")[0] for line in seen} == {"PATH", "HOME", "LANG"} & os.environ.keys()
    assert resolve(_shell("pwd; cat")).reveal() == "/"


def test_a_failing_command_says_only_its_status() -> None:
    """What it wrote is thrown away: both outputs may hold the secret."""
    assert _complaint(_shell(f"echo {PLANTED}; echo {PLANTED} >&2; exit 1")) == "it ended with status 1"
    assert _complaint(_shell("kill -9 $$")) == "signal 9 ended it"


def test_a_command_that_prints_nothing_is_refused() -> None:
    """No output is no secret."""
    assert _complaint(_shell("true")) == "it is empty"


def test_a_command_that_prints_too_much_is_ended_at_once() -> None:
    """Endless output is cut at 64 KiB, without waiting for the deadline."""
    assert _complaint(_shell("yes")) == "it is larger than 64 KiB"
    assert len(resolve(_shell(f"head -c {LARGEST_BYTES} /dev/zero | tr '\\0' x")).reveal()) == LARGEST_BYTES


@pytest.mark.parametrize("program", ["/nonexistent/program", "/etc/hostname", "/"])
def test_what_is_no_program_is_refused(program: str) -> None:
    """A program that is missing or can't be run is named, with the system's reason."""
    with pytest.raises(SecretUnavailable, match=f"^secret from command {program}: it can't be run: "):
        resolve(SecretReference(command=[program, PLANTED]))


@pytest.mark.parametrize(
    "script",
    [
        'sleep 300 & echo $! >"$1"; wait',
        'sleep 300 & echo $! >"$1"; echo part; wait',
        'exec >/dev/null; sleep 300 & echo $! >"$1"; wait',
    ],
    ids=["silent", "after a part of its output", "after closing its output"],
)
async def test_a_hanging_command_is_killed_with_its_children(tmp_path: Path, script: str) -> None:
    """After the deadline the whole process group is gone, and the message says so."""
    written = tmp_path / "pid"
    assert _complaint(_shell(script, str(written)), HastyClock(written)) == "it did not end within 10 s"
    await until(lambda: _is_gone(int(written.read_text())))


async def test_a_child_that_keeps_the_output_open_is_not_waited_for_past_the_deadline(tmp_path: Path) -> None:
    """A program that ended, with a child still holding its output, is a command that did not end."""
    written = tmp_path / "pid"
    reference = _shell('sleep 300 & echo $! >"$1"; echo s3', str(written))
    assert _complaint(reference, HastyClock(written)) == "it did not end within 10 s"
    await until(lambda: _is_gone(int(written.read_text())))
