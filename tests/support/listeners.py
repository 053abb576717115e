"""Other people's servers on loopback, as processes of a test's own."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from platforms.http import AsyncClient, HTTPError


def free_port() -> int:
    """Return a port that nobody listens on, for a server that can't say which it got."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def listening(port: int, *command: str) -> AsyncIterator[None]:
    """Run a server that will listen on a port of 127.0.0.1 by TCP, from then on to the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(20):
            while process.returncode is None and not await is_up(port):  # noqa: ASYNC110 - another process has no event
                await asyncio.sleep(0.01)
        assert process.returncode is None, f"{command[0]} ended with {process.returncode}"
        yield
    finally:
        if process.returncode is None:
            process.kill()
        async with asyncio.timeout(20):
            await process.wait()


@asynccontextmanager
async def ready(port: int, log: Path, *command: str) -> AsyncIterator[None]:
    """Run a server that says at `/-/ready` when it is, from then on to the end of the block; `log` gets its output."""
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
        )
    try:
        async with asyncio.timeout(30), AsyncClient(timeout=10.0, trust_env=False) as client:
            while not await _is_ready(client, port):
                assert process.returncode is None, log.read_text()  # noqa: ASYNC240 - it has ended
                await asyncio.sleep(0.05)
        yield
    finally:
        await _end(process)


async def _is_ready(client: AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/-/ready")).status_code == 200
    except HTTPError:
        return False  # not listening yet


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(30):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def is_up(port: int) -> bool:
    """Return whether somebody listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.transport.abort()
    return True
