"""What the service manager is told: over real sockets, by path and abstract; and nothing that holds anybody up."""

import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.servicemanager import ServiceManager
from tests.support.clock import ManualClock


class Socket:
    """The manager's side."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def told(self) -> list[str]:
        """Return what came since this was asked last."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(65536).decode())
            except BlockingIOError:
                return found


@pytest.fixture(params=["path", "abstract"])
def sockets(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Socket]]:
    """An address as the environment has it, and who listens there."""
    name = uuid.uuid4().hex
    given = str(tmp_path / "notify") if request.param == "path" else f"@{name}"
    listening = Socket(given if request.param == "path" else f"\0{name}")
    yield given, listening
    listening.socket.close()


def test_it_is_told_what_happens(sockets: tuple[str, Socket]) -> None:
    """Each word in a datagram of its own, a reload with the monotonic clock's microseconds."""
    address, manager = sockets
    clock = ManualClock()
    ours = ServiceManager({"NOTIFY_SOCKET": address}, clock)
    ours.ready()
    ours.reloading()
    ours.status("payments up,\nstandby")
    ours.status("payments up, standby")
    ours.stopping()
    ours.alive()
    ours.close()
    assert manager.told() == [
        "READY=1",
        f"RELOADING=1\nMONOTONIC_USEC={int(clock.monotonic() * 1_000_000)}",
        "STATUS=payments up, standby",
        "STOPPING=1",
    ]


def test_the_watchdog_is_fed_three_times_as_often_as_it_must(sockets: tuple[str, Socket]) -> None:
    """However often it is called; and not at all for another process's, or for nonsense."""
    address, manager = sockets
    clock = ManualClock()
    ours = ServiceManager({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"}, clock)
    for _ in range(61):
        ours.alive()
        clock.advance(0.5)
    ours.close()
    assert manager.told() == ["WATCHDOG=1"] * 4
    for wrong in ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "-1"}, {"WATCHDOG_USEC": "0"}):
        deaf = ServiceManager({"NOTIFY_SOCKET": address, **wrong}, clock)
        assert deaf.watchdog_seconds is None
        deaf.alive()
        deaf.close()
    assert manager.told() == []
    mine = {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}
    assert ServiceManager(mine, clock).watchdog_seconds == 3.0


def test_a_manager_that_does_not_read_holds_nobody_up(
    sockets: tuple[str, Socket], caplog: pytest.LogCaptureFixture
) -> None:
    """What doesn't fit is lost, and said so once."""
    address, manager = sockets
    ours = ServiceManager({"NOTIFY_SOCKET": address}, ManualClock())
    for number in range(5000):
        ours.status(f"{number} {'x' * 400}")
    assert [record.message for record in caplog.records] == ["service_manager_not_told"]
    manager.told()
    ours.ready()
    assert manager.told() == ["READY=1"]
    ours.close()


@pytest.mark.parametrize("address", ["", "relative", "/nobody/listens/here"])
def test_nobody_there_is_no_trouble(address: str) -> None:
    """Where there is no manager, or none that we can reach, all goes on."""
    ours = ServiceManager({"NOTIFY_SOCKET": address} if address else {}, ManualClock())
    ours.ready()
    ours.alive()
    ours.close()
    ours.close()
