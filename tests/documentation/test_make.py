"""`make run` ends as what it runs does, and quietly where that is Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import ROOT
from tests.support.programs import require


def _make(place: Path, script: str) -> list[str]:
    """Return what runs `make run` with this script in the monitor's place."""
    require("make", package="make")
    (place / "bin").mkdir()
    monitor = place / "bin" / "monitor"
    monitor.write_text(f"#!/bin/sh\n{script}\n")
    monitor.chmod(0o755)
    (place / ".run-ready").touch()
    return ["make", "--no-print-directory", "run", f"VENV={place}"]


@pytest.mark.parametrize(("code", "is_quiet"), [(0, True), (5, True), (1, False), (70, False)])
@pytest.mark.parametrize("config", ["", "CONFIG=x.yaml"])
def test_only_what_went_wrong_is_an_error(tmp_path: Path, code: int, config: str, *, is_quiet: bool) -> None:
    """5: interrupted, and everything was cleaned up."""
    words = [*_make(tmp_path, f"exit {code}"), *([config] if config else [])]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode == 0, done.stdout + done.stderr == "") == (is_quiet, is_quiet)


def test_ctrl_c_at_the_terminal_is_no_error(tmp_path: Path) -> None:
    """The terminal tells make, its shell and the monitor alike."""
    waiting = "import signal, sys; signal.signal(2, lambda *_: sys.exit(5)); print('up', flush=True); signal.pause()"
    words = _make(tmp_path, f'exec "{sys.executable}" -c "{waiting}"')
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (out + err).strip() == b""
