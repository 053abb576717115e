"""A real journald that is run by itself, where that can be done; and what writes to it."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from glasswatch.clock import SystemClock

JOURNALD = Path("/lib/systemd/systemd-journald")


@pytest.fixture
def own_journal(tmp_path: Path) -> Iterator[Path]:
    """A real journald that writes below this path, in a mount namespace of its own; it is spoken to at `sockets`."""
    unshare = shutil.which("unshare")
    if os.getuid() != 0 or unshare is None or not JOURNALD.exists() or shutil.which("journalctl") is None:
        pytest.skip("needs root, unshare and systemd")
    (tmp_path / "journal").mkdir()
    (tmp_path / "sockets").mkdir()
    script = (
        "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal && "
        f"mount --bind {tmp_path}/journal /run/log/journal && mount --bind {tmp_path}/sockets /run/systemd/journal && "
        f"exec {JOURNALD}"
    )
    process = subprocess.Popen([unshare, "--mount", "sh", "-c", script], stderr=subprocess.DEVNULL)
    try:
        place = tmp_path / "sockets" / "socket"
        end = SystemClock().monotonic() + 30
        while not place.exists() and process.poll() is None and SystemClock().monotonic() < end:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
        if not place.exists():
            pytest.skip("journald can't be run in a namespace here")
        yield tmp_path
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def say(journal: Path, message: str, identifier: str = "sshd") -> None:
    """Write to the journal as a program does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        entry = f"MESSAGE={message}\nSYSLOG_IDENTIFIER={identifier}\n"
        link.sendto(entry.encode(), str(journal / "sockets" / "socket"))
