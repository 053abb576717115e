"""`flag verify` as sshd runs it: a process of its own, quick and small, whose end is its answer."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from glasswatch.flag.document import Claims
from tests.support.costs import cost
from tests.support.flags import READY_CLAIMS, STANDBY_CLAIMS, signed
from tests.support.verifying import ROOT, Desk, fresh

SECONDS = 0.1
BARE_STARTS = 8  # where Python alone takes long to start, so many times that: a quiet machine needs 3.5
KIB = 30_000
ANSWERS = {"ready": (READY_CLAIMS, 0), "standby": (STANDBY_CLAIMS, 1)}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a directory with a trust file; its readers judge by the machine's clock and keep a floor."""
    tmp_path.chmod(0o700)
    desk = Desk(tmp_path)
    del desk.options["--at"]
    desk.options["--floor"] = str(tmp_path / "floor.json")
    return desk


def _now(claims: Claims, shift: int = 0) -> Claims:
    return replace(claims, **dict(fresh(shift)))  # type: ignore[arg-type]  # integers, all of them


def _shell(desk: Desk, redirection: str, place: str) -> "subprocess.CompletedProcess[bytes]":
    words = ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", *desk.line(place)]
    return subprocess.run(words, cwd=ROOT, capture_output=True, check=False, timeout=60)


def test_every_way_of_calling_it_gives_the_same(desk: Desk) -> None:
    """`monitor flag verify` and `glasswatch monitor flag verify`: same codes, same words."""
    at = "2026-03-01T03:00:00Z"
    for place, code in (
        (desk.put(READY_CLAIMS, "ready"), 0),
        (desk.put(STANDBY_CLAIMS, "standby"), 1),
        (desk.put(b"junk", "junk"), 4),
        ("", 2),
    ):
        done = desk.run(place, at=at)
        umbrella = [sys.executable, "-m", "glasswatch", "monitor", *desk.line(place, at=at)[3:]]
        same = subprocess.run(umbrella, cwd=ROOT, capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (same.returncode, same.stdout, same.stderr)
        assert done.returncode == code
        assert b"Traceback" not in done.stderr


REDIRECTIONS = {
    "standard output closed": ">&-",
    "standard error closed": "2>&-",
    "everything closed": "<&- >&- 2>&-",
    "standard output full": ">/dev/full",
    "standard error full": "2>/dev/full",
    "both full": ">/dev/full 2>&1",
}


@pytest.mark.parametrize("redirection", REDIRECTIONS.values(), ids=REDIRECTIONS)
@pytest.mark.parametrize(("claims", "code"), ANSWERS.values(), ids=ANSWERS)
def test_the_answer_is_the_exit_code_whoever_listens(desk: Desk, redirection: str, claims: Claims, code: int) -> None:
    """A full disk or a closed stream behind its output neither opens nor closes anything."""
    done = _shell(desk, redirection, desk.put(_now(claims)))
    assert done.returncode == code
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("redirection", REDIRECTIONS.values(), ids=REDIRECTIONS)
def test_a_refusal_is_one_whoever_listens(desk: Desk, redirection: str) -> None:
    """4, with an alarm to tell too."""
    Path(desk.options["--floor"]).write_bytes(b"{")
    assert _shell(desk, redirection, desk.put(b"junk")).returncode == 4


def test_a_broken_pipe_exits_5(desk: Desk) -> None:
    """Whoever reads the answer went away: interrupted, never a finding."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        line = desk.line(desk.put(_now(READY_CLAIMS)))
        done = subprocess.run(line, cwd=ROOT, stdout=write_end, stderr=subprocess.PIPE, check=False, timeout=60)
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (5, b"")


def test_ctrl_c_exits_5(desk: Desk) -> None:
    """While it waits for a document to come through a pipe."""
    fifo = desk.directory / "fifo"
    os.mkfifo(fifo)
    process = subprocess.Popen(desk.line(str(fifo)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while (writer := _open_for_writing(fifo)) is None:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    os.close(writer)
    assert (process.returncode, out, err) == (5, b"", b"interrupted\n")


def _open_for_writing(fifo: Path) -> int | None:
    # It can be opened so only while somebody has it open for reading.
    with suppress(OSError):
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    return None


def test_a_shells_completion_knows_the_options() -> None:
    """Click answers the shell from the same table of options."""
    environment = {"_MONITOR_COMPLETE": "bash_complete", "COMP_WORDS": "monitor flag verify --ex", "COMP_CWORD": "3"}
    done = _monitor([], environment)
    assert done.stdout.split() == [b"plain,--exercise-principal"]


def test_a_variable_for_the_shell_opens_nothing(desk: Desk) -> None:
    """Whoever sets the variable of the completion does not turn a refusal into a 0."""
    environment = {"_MONITOR_COMPLETE": "bash_source", "COMP_WORDS": "", "COMP_CWORD": "0"}
    done = _monitor(desk.line(desk.put(b"junk"))[3:], environment)
    assert (done.returncode, done.stdout) == (4, b"")


def _monitor(words: list[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[bytes]":
    line = [sys.executable, "-m", "monitor", *words]
    kept = os.environ | environment
    return subprocess.run(line, cwd=ROOT, capture_output=True, check=False, timeout=60, env=kept)


def test_click_is_not_loaded(desk: Desk) -> None:
    """Nor anything else that the answer doesn't need."""
    line = desk.line(desk.put(_now(READY_CLAIMS)))
    done = subprocess.run(
        [line[0], "-X", "importtime", *line[1:]], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0
    loaded = {told.rpartition(b"|")[2].strip().decode().split(".")[0] for told in done.stderr.splitlines()}
    assert "cryptography" in loaded
    assert loaded & {"click", "pydantic", "yaml", "hashlib", "asyncio", "argparse", "subprocess", "ssl"} == set()


def test_a_login_is_quick_and_small(desk: Desk) -> None:
    """Under 0.1 s of the processor and 30 MB, the best of seven, with a floor to write each time."""
    ours, bare, peaks = [], [], []
    for number in range(7):
        words = desk.line(desk.put(_now(READY_CLAIMS, number - 10)))[3:]
        spent, peak = cost("from monitor.entry import main; main()", *words)
        ours.append(spent)
        peaks.append(peak)
        bare.append(cost("pass")[0])
    assert min(ours) < max(SECONDS, BARE_STARTS * min(bare))
    assert max(peaks) < KIB


def test_a_flag_through_a_pipe(desk: Desk) -> None:
    """As `curl … | monitor flag verify -` gives it."""
    assert desk.run("-", stdin=signed(_now(READY_CLAIMS))).returncode == 0
    assert desk.run("-", stdin=b"").returncode == 4
