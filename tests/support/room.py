"""A room of its own for what a guide tells root to do: users, /etc, /opt and /var as they are, and nothing stays.

The machine's directories are overlaid in a mount namespace; what is written there is gone with it. The network is the
machine's. The project and its environment are to be seen by every user, wherever they lie.
"""

import asyncio
import os
import shlex
import sys
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.documents import ROOT
from tests.support.programs import require

HOST = "bastion-1"
_OVERLAID = ("etc", "usr/local", "var", "opt", "run", "home")
_PACKAGES = Path("/opt/environment") / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
_PYTHON = f"/opt/python/bin/python{sys.version_info.major}.{sys.version_info.minor}"
# Where Python is a library it is looked for in a place that other users may not see: theirs must be the same one.
_FOUND = f"LD_LIBRARY_PATH=/opt/python/lib PYTHONPATH=/opt/src:{_PACKAGES}"
_SHIM = f'#!/bin/sh\n{_FOUND} exec {_PYTHON} -P -m monitor "$@"\n'


def _furnish(site: Path) -> str:
    """Return what makes the room, in a shell that is in new namespaces already."""
    lines = ["set -eu", f"hostname {HOST}", "mount -t tmpfs -o mode=755 tmpfs /mnt"]
    seen = {"site": site, "src": ROOT, "environment": sys.prefix, "python": sys.base_prefix}
    lines += [f"mkdir /mnt/{at} && mount --bind {shlex.quote(str(what))} /mnt/{at}" for at, what in seen.items()]
    for number, name in enumerate(_OVERLAID):
        place = f"/mnt/{number}"
        lines.append(f"mkdir -p {place}/u {place}/w")
        lines.append(f"mount -t overlay overlay -o lowerdir=/{name},upperdir={place}/u,workdir={place}/w /{name}")
    lines += [
        "mkdir -p /opt/glasswatch/bin /run/sshd",
        *(f"mkdir /opt/{at} && mount --bind /mnt/{at} /opt/{at}" for at in ("src", "environment", "python")),
        f"mount --bind /mnt/site {shlex.quote(str(site))}",  # an overlay may have hidden it
        f"printf %s {shlex.quote(_SHIM)} > /opt/glasswatch/bin/monitor",
        "chmod 755 /opt/glasswatch/bin/monitor",
        "echo ready",
        "exec cat",
    ]
    return "\n".join(lines)


@dataclass(frozen=True)
class Room:
    """Where things are done as root, in a directory that stands for the clone."""

    pid: int
    site: Path

    def words(self, *command: str) -> tuple[str, ...]:
        """Return what runs a command in here, as the process that is started itself."""
        return ("nsenter", f"--target={self.pid}", "--mount", "--uts", f"--wdns={self.site}", *command)

    def environment(self, **more: str) -> dict[str, str]:
        """Return what a command is started with."""
        return {"PATH": "/opt/glasswatch/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent"} | more

    async def play(self, block: str, **more: str) -> str:
        """Run a block of a guide to its good end; return what it says."""
        code, said = await self.run("/bin/sh", "-euc", block, **more)
        assert code == 0, f"{block}\n{said}"
        assert "Traceback" not in said
        return said

    async def run(self, *command: str, **more: str) -> tuple[int, str]:
        """Run a command; return its exit code and what it says."""
        process = await asyncio.create_subprocess_exec(
            *self.words(*command),
            env=self.environment(**more),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(100):
            said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode(errors="replace")

    @asynccontextmanager
    async def running(self, *command: str, log: str, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Have something run in here, its output in a file of the site."""
        with (self.site / log).open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                *self.words(*command),
                env=self.environment(**more),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            async with asyncio.timeout(30):
                await process.wait()


@asynccontextmanager
async def room(place: Path) -> AsyncIterator[Room]:
    """Have one, or skip where this machine lets nobody make it."""
    require("nsenter", package="util-linux")
    if os.geteuid() != 0:
        pytest.skip("only root can play what the guide tells root to do: run this test as root")
    site = place / "site"
    site.mkdir()
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--mount", "--uts", "/bin/sh", "-c", _furnish(site)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(20):
            if await process.stdout.readline() != b"ready\n":
                said = (await process.stderr.read()).decode()
                pytest.skip(f"this machine lets root make no mount namespace with overlays: {said.strip()}")
        yield Room(process.pid, site)
    finally:
        process.stdin.close()
        async with asyncio.timeout(20):
            await process.wait()
