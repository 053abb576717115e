"""Programs that a measurement starts, and stops again by process id whatever happens."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from platforms.http import AsyncClient, HTTPError


@asynccontextmanager
async def started(argv: Sequence[str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program with its output in `log`; end it on the way out."""
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(*argv, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(10):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def ready(url: str, seconds: float = 30) -> None:
    """Wait until a URL answers 200.

    Raises:
        TimeoutError: it did not in time.
    """
    async with asyncio.timeout(seconds), AsyncClient(trust_env=False, timeout=2) as client:
        while True:
            try:
                if (await client.get(url)).status_code == 200:  # noqa: PLR2004 - HTTP's "OK"
                    return
            except HTTPError:
                pass  # not listening yet
            await asyncio.sleep(0.1)


async def fetched(url: str, seconds: float = 30) -> bytes:
    """Return the body of a 200.

    Raises:
        HTTPError: there was none.
    """
    async with AsyncClient(trust_env=False, timeout=seconds) as client:
        return (await client.get(url)).raise_for_status().content


def program(name: str) -> str | None:
    """Return a program's path, or None where it is not installed."""
    return shutil.which(name)


def cpu_seconds(pid: int) -> float:
    """Return how much CPU time the living threads of a process have used, in seconds (Linux).

    From the scheduler's own clock, in nanoseconds: the times of /proc/PID/stat are sampled a hundred times a second,
    which counts a process that wakes by timers several times over.
    """
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def resident_mib(pid: int) -> float:
    """Return how much memory of a process is resident, in MiB (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
