"""OpenSSL's own server, for what Python's can't be made to do."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.programs import require
from tests.support.tls import Certificate


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def s_server(certificate: Certificate, *options: str) -> AsyncIterator[int]:
    """Run it with a certificate, and what follows it in its file as its chain; yield its port."""
    program, port = require("openssl", package="openssl"), free_port()
    files = ("-cert", certificate.cert_file, "-key", certificate.key_file, "-cert_chain", certificate.cert_file)
    process = await asyncio.create_subprocess_exec(
        *(program, "s_server", *map(str, files), "-accept", f"127.0.0.1:{port}", "-naccept", "1000", *options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
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
