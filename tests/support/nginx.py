"""nginx on loopback, with the servers that a test describes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.listeners import free_port, listening
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
    port = free_port()
    config = directory / "nginx.conf"
    config.write_text(_CONFIG.format(d=directory) + servers.format(port=port, **values) + "}\n")
    async with listening(port, program, "-p", str(directory), "-c", str(config)):
        yield port
