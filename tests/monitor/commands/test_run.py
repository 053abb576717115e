"""`monitor run` as a real process: what can't be had ends it with one line and its exit code, and nothing is left.

All that can be missing at the start, message by message: tests/monitor/daemon/test_assembly.py.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glasswatch.errors import ExitCode
from tests.support.leftovers import processes_naming
from tests.support.monitors import ROOT, STARTS_WITHIN, Home, Wanted, make_home, monitor_in, write_settings

WANTED = Wanted("http://127.0.0.1:9/")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with nothing wrong."""
    return make_home(tmp_path / "home", WANTED)


def _run(home: Home, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "monitor", "run", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=STARTS_WITHIN,
        cwd=home.root,
        env=os.environ | {"PYTHONPATH": str(ROOT), **environment},
    )


def _port_taken(home: Home) -> socket.socket:
    taken = socket.create_server(("127.0.0.1", 0))
    write_settings(home, Wanted(WANTED.url, listen=f"127.0.0.1:{taken.getsockname()[1]}"))
    return taken


REFUSED: dict[str, tuple[Callable[[Home], object], ExitCode, str]] = {
    "a mistake in the settings": (
        lambda home: home.config.write_text(home.config.read_text().replace("interval: 250ms", "interval: hunter2")),
        ExitCode.INVALID,
        r"glasswatch.yaml:8:\d+  platforms.payments.probes.probe_sign_in.interval  expected a duration .*",
    ),
    "a key that is none": (
        lambda home: (home.root / "flag.key").write_text("hunter2"),
        ExitCode.INVALID,
        r"{root}/flag.key: expected an unencrypted private key in PKCS#8 PEM, .*",
    ),
    "a port that is taken": (
        _port_taken,
        ExitCode.INVALID,
        r"listen: port \d+ on 127.0.0.1 can't be had: address already in use",
    ),
    "a store that is none": (
        lambda home: home.store.write_bytes(b"hunter2" * 1000),
        ExitCode.INVALID,
        r"the store {root}/store/glasswatch.db isn't a SQLite database: .*",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_keeps_it_from_starting_is_one_line(home: Home, what: str) -> None:
    """The place and what was expected, the right exit code, never a traceback or what was written there."""
    breaks, code, says = REFUSED[what]
    kept = breaks(home)
    done = _run(home)
    if isinstance(kept, socket.socket):
        kept.close()
    assert done.returncode == code, done.stderr
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(says.replace("{root}", re.escape(str(home.root))), line), line
    assert "hunter2" not in done.stderr
    assert done.stdout == ""


def test_several_mistakes_are_told_at_once(home: Home) -> None:
    """As `check` does."""
    home.config.write_text("deployment: no spaces please\nplatforms: {}\n")
    done = _run(home, "--config", str(home.config))
    assert done.returncode == ExitCode.INVALID
    assert len(done.stderr.splitlines()) >= 4
    assert "spaces" not in done.stderr


def test_its_settings_may_be_named_by_the_environment(home: Home, tmp_path: Path) -> None:
    """$GLASSWATCH_CONFIG is read where --config is not given; both before ./glasswatch.yaml."""
    done = _run(home, GLASSWATCH_CONFIG=str(tmp_path / "elsewhere.yaml"))
    assert done.returncode == ExitCode.INVALID
    assert done.stderr.startswith(f"{tmp_path}/elsewhere.yaml  expected a settings file that can be read")


async def test_a_second_monitor_on_one_store_is_refused(home: Home) -> None:
    """Exit 4, naming the first one's process, which goes on."""
    async with monitor_in(home) as first:
        await first.start()
        done = _run(home)
        assert done.returncode == ExitCode.NOT_MEASURED
        assert f"another monitor (process {first.pid}) has the store {home.store} open" in done.stderr
        assert done.stderr.count("\n") == 1
        assert first.is_running
        assert await first.end() == ExitCode.GOOD


async def test_its_log_goes_to_stderr_in_one_format(home: Home) -> None:
    """A line an event: time, level, name, event, fields. Quiet but for what matters; it leaves no process behind."""
    async with monitor_in(home) as monitor:
        await monitor.start()
        assert await monitor.end(signal.SIGTERM) == ExitCode.GOOD
        for line in monitor.said.splitlines():
            assert re.match(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|warning) glasswatch\.\w+ \w+( \w+=\S|$)", line
            )
        assert "monitor_started url=http://127.0.0.1:" in monitor.said
    assert processes_naming(home.root) == []
