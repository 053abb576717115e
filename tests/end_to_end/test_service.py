"""The monitor as a service: the unit file as systemd sees it, and a real socket that the service manager listens on."""

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.monitors import ROOT, Wanted, make_home, monitor_in
from tests.support.programs import require
from tests.support.receiver import Receiver, receiving
from tests.support.reloading import hup
from tests.support.waiting import until

UNIT = ROOT / "examples" / "systemd" / "glasswatch.service"
MOST_EXPOSED = 1.5  # of 10; 1.2 with Debian 12's systemd


def _setting(name: str) -> str:
    (value,) = re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)
    return str(value)


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = require("systemd-analyze", package="systemd")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    """Nothing unknown, nothing that contradicts itself; the program stands in for the one that isn't installed here."""
    copy = tmp_path / UNIT.name
    program = shutil.which("true")
    copy.write_text(UNIT.read_text().replace("/opt/glasswatch/bin/monitor", str(program)))
    found = _analyze("verify", "--man=no", str(copy))
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_the_unit_is_hardened() -> None:
    """As `systemd-analyze security` scores it."""
    found = _analyze("security", "--offline=true", "--no-pager", str(UNIT))
    level = re.search(r"Overall exposure level for glasswatch\.service: ([0-9.]+)", found.stdout)
    assert level, found.stdout + found.stderr
    assert float(level[1]) <= MOST_EXPOSED


def test_the_unit_runs_what_there_is() -> None:
    """Its command line is one of ours, and it gives up never."""
    _, *words = _setting("ExecStart").split()
    assert words[:2] == ["run", "--config"]
    assert _setting("ExecReload") == "/bin/kill -HUP $MAINPID"
    assert (_setting("Restart"), _setting("StartLimitIntervalSec"), _setting("Type")) == ("always", "0", "notify")


class Notified:
    """The service manager's side of the socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        self.told: list[str] = []

    def hears(self, what: str, after: int = 0) -> bool:
        """Whether a message that begins so has come."""
        while True:
            try:
                self.told.append(self._socket.recv(65536).decode())
            except BlockingIOError:
                return any(each.startswith(what) for each in self.told[after:])

    async def says(self, what: str, after: int = 0) -> None:
        """Wait for it."""
        try:
            await until(lambda: self.hears(what, after), 30)
        except TimeoutError:
            raise AssertionError(f"never said {what}: {self.told}") from None

    def close(self) -> None:
        """Close it."""
        self._socket.close()


@pytest.fixture
async def target() -> AsyncIterator[Receiver]:
    """A target that answers."""
    async with receiving() as server:
        yield server


async def test_it_runs_under_a_service_manager(
    tmp_path: Path, target: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that it is ready, how it is, that it lives, that it reloads, and that it ends."""
    manager = Notified(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "3000000")
    home = make_home(tmp_path / "home", Wanted(target.url))
    async with monitor_in(home) as monitor:
        await monitor.launch()
        await manager.says("READY=1")
        assert not manager.hears("STOPPING=1")
        await manager.says("STATUS=payments up, standby")
        await manager.says("WATCHDOG=1")
        begun = len(manager.told)
        await hup(monitor, "settings_unchanged")
        await manager.says("RELOADING=1\nMONOTONIC_USEC=", begun)
        await manager.says("READY=1", begun)
        home.config.write_text("nothing: good\n")
        begun = len(manager.told)
        await hup(monitor, "settings_not_reloaded")
        await manager.says("READY=1", begun)  # the settings in force are good
        assert await monitor.end() == 0
        await manager.says("STOPPING=1", begun)
        assert "Traceback" not in monitor.said
    manager.close()


async def test_a_hang_starves_the_watchdog(tmp_path: Path, target: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in its tracks it says nothing: the manager starts another."""
    manager = Notified(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "3000000")
    async with monitor_in(make_home(tmp_path / "home", Wanted(target.url))) as monitor:
        await monitor.launch()
        await manager.says("WATCHDOG=1")
        monitor.send(signal.SIGSTOP)
        manager.hears("")
        begun = len(manager.told)
        with pytest.raises(TimeoutError):
            await until(lambda: manager.hears("WATCHDOG=1", begun + 1), 3)
        monitor.send(signal.SIGCONT)
        await manager.says("WATCHDOG=1", begun + 1)
        assert await monitor.end() == 0
    manager.close()
