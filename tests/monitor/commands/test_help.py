"""The commands as a whole: quick help, wrong usage, and how they end when nobody listens."""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from glasswatch.cli import run
from glasswatch.errors import ExitCode
from monitor.cli import command
from tests.support.monitors import ROOT

HEAVY = ("pydantic", "sqlalchemy", "starlette", "uvicorn", "httpx2", "cryptography", "yaml", "jinja2", "asyncio")
SECONDS = 0.3
STARTS = 15  # where Python alone takes long to start, so many times that


def _run(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-P", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "GLASSWATCH_CONFIG"}
    return subprocess.run(  # type: ignore[call-overload,no-any-return]  # options are subprocess's own
        argv, text=True, check=False, timeout=60, env=environment | {"PYTHONPATH": str(ROOT)}, **options
    )


def _monitor(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return _run("-m", "monitor", *arguments, capture_output=True)


def test_help_is_quick() -> None:
    """Within the budget; on a machine that is busy, measured against what Python itself takes to start there."""
    bare: list[float] = []
    ours: list[float] = []
    for _ in range(5):
        for times, arguments in ((bare, ("-c", "pass")), (ours, ("-m", "monitor", "--help"))):
            begun = perf_counter()
            assert _run(*arguments, capture_output=True).returncode == 0
            times.append(perf_counter() - begun)
    assert min(ours) < max(SECONDS, STARTS * min(bare))


def test_help_imports_nothing_heavy() -> None:
    """What a command needs is imported when it is called."""
    code = (
        "import sys\nfrom monitor.cli import command\nfrom glasswatch.cli import run\n"
        "assert run(command, 'monitor', ['--help']) == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = _run("-c", code, capture_output=True)
    assert done.stderr.strip() == "[]"
    for name in ("run", "demo", "check", "probe", "status", "flag", "uses"):
        assert f"  {name} " in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [("nothing",), ("run", "--nothing"), ("check", "more"), ("status", "--config"), ("probe", "--platform")],
    ids=" ".join,
)
def test_wrong_usage_is_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """A line on stderr that says what is wrong, and nothing else happens."""
    assert run(command, "monitor", arguments) == ExitCode.USAGE
    assert "Error: " in capsys.readouterr().err


def test_the_umbrella_command_has_the_same() -> None:
    """`glasswatch monitor …` is `monitor …`, with the same exit codes."""
    done = _run("-m", "glasswatch", "monitor", "check", "--config", "/nowhere.yaml", capture_output=True)
    assert done.returncode == ExitCode.INVALID
    assert done.stderr.count("\n") == 1


def test_the_version_is_told() -> None:
    """By both scripts."""
    assert _monitor("--version").stdout.startswith("monitor, version ")


UNREACHABLE = ("status", "--url", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nothing",), ExitCode.USAGE),
        (("check", "--config", "/nowhere.yaml"), ExitCode.INVALID),
        (UNREACHABLE, ExitCode.NOT_MEASURED),
    ],
    ids=["usage", "invalid", "unreachable"],
)
def test_nobody_reading_stderr_does_not_change_the_exit_code(arguments: tuple[str, ...], code: ExitCode) -> None:
    """`… 2>&1 | head` must never turn "could not measure" into 1, which reads as standby."""
    descriptor = _broken_pipe()
    try:
        assert _run("-m", "monitor", *arguments, stdout=subprocess.PIPE, stderr=descriptor).returncode == code
    finally:
        os.close(descriptor)


def test_a_full_disk_under_stderr_does_not_change_the_exit_code() -> None:
    """Nor does a log that can't grow."""
    with Path("/dev/full").open("w") as full:
        assert _run("-m", "monitor", *UNREACHABLE, stdout=subprocess.PIPE, stderr=full).returncode == 4


def test_streams_that_are_closed_do_not_change_the_exit_code() -> None:
    """Some supervisors start programs without any."""
    shell = f"exec {sys.executable} -P -m monitor check --config /nowhere.yaml >&- 2>&-"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["/bin/sh", "-c", shell], check=False, timeout=60, env=environment)
    assert done.returncode == ExitCode.INVALID


@pytest.mark.parametrize(
    ("gone", "code"), [("broken", ExitCode.INTERRUPTED), ("full", ExitCode.EVIDENCE_UNWRITABLE)], ids=["pipe", "disk"]
)
def test_an_answer_that_nobody_gets_is_no_finding(gone: str, code: ExitCode) -> None:
    """A broken pipe is an interruption; a full disk says that the answer could not be written. No traceback."""
    descriptor = _broken_pipe() if gone == "broken" else os.open("/dev/full", os.O_WRONLY)
    try:
        done = _run("-m", "monitor", "check", "--json-schema", stdout=descriptor, stderr=subprocess.PIPE)
    finally:
        os.close(descriptor)
    assert done.returncode == code
    assert done.stderr == ("" if gone == "broken" else "the answer can't be written: No space left on device\n")


def _broken_pipe() -> int:
    reading, writing = os.pipe()
    os.close(reading)
    return writing
