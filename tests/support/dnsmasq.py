"""A real DNS server for tests: dnsmasq on a loopback port, with the records that it is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.programs import require
from tests.support.s_server import free_port

_QUIET = ("--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file", "--user=root")


@asynccontextmanager
async def dnsmasq(*records: str) -> AsyncIterator[int]:
    """Run it; yield its port."""
    program, port = require("dnsmasq", package="dnsmasq-base"), free_port()
    where = (f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces")
    process = await asyncio.create_subprocess_exec(
        *(program, *_QUIET, *where, *records), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(10):
            while process.returncode is None and not await _is_up(port):  # noqa: ASYNC110 - another process has no event
                await asyncio.sleep(0.01)
        assert process.returncode is None
        yield port
    finally:
        if process.returncode is None:
            process.kill()
        async with asyncio.timeout(10):
            await process.wait()


async def _is_up(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.transport.abort()
    return True
