"""Other people's servers on loopback, as processes of a test's own."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


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


async def is_up(port: int) -> bool:
    """Return whether somebody listens there."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.transport.abort()
    return True
