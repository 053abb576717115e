"""Ctrl-C, or a pipe that nobody reads any more, at any instant from a command's first line to its end."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from glasswatch import interrupt
from glasswatch.errors import ExitCode
from tests.support.monitors import ROOT
from tests.support.settings_files import write

# From where Ctrl-C is ours: before that line it meets Python's own start, which no program can help.
_FIRST_LINE = "import {package}.entry as entry, os; os.write({descriptor}, b'.'); entry.main()"
INSTANTS = [milliseconds / 1000 for milliseconds in range(0, 420, 12)]
ENDS_WITHIN = 60.0


def _started(package: str, arguments: list[str], descriptor: int) -> subprocess.Popen[bytes]:
    code = _FIRST_LINE.format(package=package, descriptor=descriptor)
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(descriptor,),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def _begun(package: str, arguments: list[str], instant: float) -> subprocess.Popen[bytes]:
    """Return a command, so many seconds after its first line ran."""
    ours, theirs = os.pipe()
    try:
        process = _started(package, arguments, theirs)
    finally:
        os.close(theirs)
    with os.fdopen(ours, "rb") as first_line:
        assert first_line.read(1) == b"."
    with suppress(subprocess.TimeoutExpired):
        process.wait(instant)
    return process


@pytest.fixture
def check(tmp_path: Path) -> list[str]:
    """A check of good settings, with all it needs."""
    (tmp_path / "procedure.md").write_text("Break it.\n")
    (tmp_path / "flag.key").touch()
    return ["check", "--config", str(write(tmp_path))]


CASES = [("monitor", ["--help"]), ("glasswatch", ["monitor", "run", "--help"]), ("monitor", [])]


@pytest.mark.parametrize(("package", "arguments"), CASES, ids=["help", "deep help", "check"])
def test_an_interrupt_is_never_a_traceback(package: str, arguments: list[str], check: list[str]) -> None:
    """It ends with 5, or with its answer if that was there first; stderr has one word at most."""
    codes = set()
    for instant in INSTANTS:
        process = _begun(package, arguments or check, instant)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=ENDS_WITHIN)
        where = f"{arguments} after {instant} s: {process.returncode}, {complaint!r}"
        assert process.returncode in {ExitCode.GOOD, ExitCode.INTERRUPTED}, where
        if process.returncode == ExitCode.INTERRUPTED:
            assert complaint == b"interrupted\n", where
        else:
            assert b"Traceback" not in complaint, where
        codes.add(process.returncode)
    assert ExitCode.INTERRUPTED in codes


@pytest.mark.parametrize(("package", "arguments"), CASES, ids=["help", "deep help", "check"])
def test_a_pipe_closed_at_any_instant_is_never_a_finding(package: str, arguments: list[str], check: list[str]) -> None:
    """Nobody reads the answer: 5 without a word, or 0 if it was written before."""
    for instant in INSTANTS[::3]:
        process = _begun(package, arguments or check, instant)
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, complaint = process.communicate(timeout=ENDS_WITHIN)
        where = f"{arguments} after {instant} s: {process.returncode}, {complaint!r}"
        assert process.returncode in {ExitCode.GOOD, ExitCode.INTERRUPTED}, where
        assert b"Traceback" not in complaint, where


def test_the_first_module_imports_next_to_nothing() -> None:
    """What takes Ctrl-C is there before anything that takes time."""
    code = "import sys; known = set(sys.modules); import monitor.entry; print(*(set(sys.modules) - known))"
    run = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    ours = {"monitor", "monitor.entry", "glasswatch", "glasswatch.interrupt"}
    assert {name for name in run.stdout.split() if name.partition(".")[0] in {"monitor", "glasswatch"}} == ours
    assert not {"click", "pydantic", "re", "logging", "asyncio"} & set(run.stdout.split())


_TOLD_AT = """
import atexit, os, signal, sys
{before}
def tell():
    os.kill(os.getpid(), signal.{name})
class Finder:
    def find_spec(self, name, *_):
        if name == {instant!r}:
            tell()
import {package}.entry as entry
sys.meta_path.insert(0, Finder())
if {instant!r} == "the end":
    atexit.register(tell)
entry.main()
"""


@pytest.mark.parametrize(
    ("instant", "package", "before", "name", "code"),
    [
        ("click", "drills", "", "SIGTERM", 5),
        ("drills.commands.status", "drills", "", "SIGHUP", 5),
        ("drills.cli", "glasswatch", "", "SIGTERM", 5),
        ("click", "drills", "signal.signal(signal.SIGHUP, signal.SIG_IGN)", "SIGHUP", 3),  # nohup
        ("the end", "drills", "", "SIGTERM", 3),
        ("click", "monitor", "", "SIGTERM", -signal.SIGTERM),
    ],
)
def test_a_drill_that_is_told_to_end_while_it_loads_is_interrupted(
    instant: str, package: str, before: str, name: str, code: int
) -> None:
    """SIGTERM and SIGHUP as Ctrl-C, under both of its names; not where they are ignored, nor once it has its answer."""
    script = _TOLD_AT.format(instant=instant, package=package, before=before, name=name)
    words = [*(["drill"] if package == "glasswatch" else []), "status", "--config", "/nowhere.yaml"]
    run = subprocess.run(
        [sys.executable, "-P", "-c", script, *words],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == code
    assert run.stderr == "interrupted\n" or code != 5


def test_loading_leaves_things_as_they_were() -> None:
    """After it, Ctrl-C is what it was before; somebody else's handling of it is never touched."""
    before = signal.getsignal(signal.SIGINT)
    try:
        interrupt.orderly()
        with interrupt.Loading():
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with interrupt.Loading():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_it_says_what_the_exit_codes_say() -> None:
    """The number stands in two places because one of them must not import the other."""
    assert interrupt.INTERRUPTED == ExitCode.INTERRUPTED
