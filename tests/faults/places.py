"""What takes root to break, small disks and other name servers; and another clock."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.support.programs import require

SIZE = "8m"
_RUN_WITH = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory, with room for little."""

    path: Path

    def fill(self) -> None:
        """Leave no room at all."""
        with (self.path / "filler").open("ab", buffering=0) as filler:
            for size in (65536, 4096, 1):
                with contextlib.suppress(OSError):
                    while filler.write(b"\0" * size) == size:
                        pass

    def make_room(self) -> None:
        """Leave room."""
        (self.path / "filler").unlink()

    def remount(self, how: str) -> None:
        """Make it read-only (ro), which nobody may be writing to, or writable (rw)."""
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.path)], check=True)


@contextmanager
def small_disk(path: Path) -> Iterator[SmallDisk]:
    """Have a small disk for the length of a block; without the right to mount one the test is skipped."""
    path.mkdir(parents=True)
    mounting = [require("mount", package="mount"), "-t", "tmpfs", "-o", f"size={SIZE},mode=0755", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk takes root")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Have a directory on a read-only disk for the length of a block: what is in it is seen, and can't be changed."""
    binding = [require("mount", package="mount"), "--bind", str(path), str(path)]
    if os.geteuid() != 0 or subprocess.run(binding, capture_output=True, check=False).returncode != 0:
        pytest.skip("making a directory read-only takes root")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(path)], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def with_resolver(resolv_conf: Path) -> Sequence[str]:
    """Return the program that has another one see this file as its resolv.conf; else the test is skipped."""
    unshare = require("unshare", package="util-linux")
    command = [unshare, "--mount", "sh", "-c", _RUN_WITH, str(resolv_conf)]
    if os.geteuid() != 0 or subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("other name servers for one process take root and mount namespaces")
    return command


@contextmanager
def limited(pid: int, what: int, to: int) -> Iterator[None]:
    """Have a process limited for the length of a block, or of its own life."""
    soft, hard = resource.prlimit(pid, what)
    resource.prlimit(pid, what, (to, hard))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, what, (soft, hard))


def without_descriptors(pid: int) -> AbstractContextManager[None]:
    """Have a process open nothing more for the length of a block: no socket, no file."""
    lowest_free = next(number for number in count() if not Path(f"/proc/{pid}/fd/{number}").is_symlink())
    return limited(pid, resource.RLIMIT_NOFILE, lowest_free)


@dataclass(frozen=True)
class FalseClock:
    """A wall clock that one monitor reads in place of the machine's. Its monotonic clock stays true."""

    file: Path

    def program(self) -> Sequence[str]:
        """Return what Python runs to have a monitor read it."""
        self.ahead(0)
        return (str(Path(__file__).with_name("false_clock.py")), str(self.file))

    def ahead(self, seconds: int) -> None:
        """Set it so far ahead of the true time (or behind, if negative)."""
        new = self.file.with_name(f"{self.file.name}.new")
        new.write_text(f"{seconds}\n")
        new.replace(self.file)
