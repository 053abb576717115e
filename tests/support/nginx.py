"""nginx on loopback, with the servers that a test describes."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.programs import require

_CONFIG = """
daemon off; master_process off; pid {d}/pid; error_log {d}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {d}/1; proxy_temp_path {d}/2; fastcgi_temp_path {d}/3; uwsgi_temp_path {d}/4;
  scgi_temp_path {d}/5;
"""


@asynccontextmanager
async def nginx(directory: Path, servers: str, **values: object) -> AsyncIterator[int]:
    """Run it until the test is over; yield its port. `servers` is filled in with `port` and the values."""
    program = require("nginx", package="nginx-light")
    with socket.socket() as free:  # nginx can't say which port it got
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    config = directory / "nginx.conf"
    config.write_text(_CONFIG.format(d=directory) + servers.format(port=port, **values) + "}\n")
    process = await asyncio.create_subprocess_exec(program, "-p", str(directory), "-c", str(config))
    try:
        async with asyncio.timeout(20):
            while process.returncode is None and not await _is_up(port):  # noqa: ASYNC110 - another process has no event
                await asyncio.sleep(0.01)
        assert process.returncode is None
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(20):
            await process.wait()


async def _is_up(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.transport.abort()
    return True
