"""The `http` probe against nginx: a server that nobody of us wrote."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from monitor.probes.context import ProbeContext
from tests.support.probing import attempt
from tests.support.programs import require
from tests.support.tls import Authority, Certificate

_CONFIG = """
daemon off; master_process off; pid {d}/pid; error_log {d}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {d}/1; proxy_temp_path {d}/2; fastcgi_temp_path {d}/3; uwsgi_temp_path {d}/4;
  scgi_temp_path {d}/5;
  gzip on; gzip_min_length 1; gzip_types application/json;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {cert}; ssl_certificate_key {key};
    location = /health {{ default_type application/json; return 200 '{{"status": "ok"}}'; }}
    location = /moved {{ return 301 /health; }}
  }}
}}
"""


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def _nginx(directory: Path, certificate: Certificate) -> AsyncIterator[str]:
    """Run nginx until the test is over; yield its address."""
    program = require("nginx", package="nginx-light")
    port = _free_port()  # nginx can't say which port it got
    config = directory / "nginx.conf"
    config.write_text(_CONFIG.format(d=directory, port=port, cert=certificate.cert_file, key=certificate.key_file))
    process = await asyncio.create_subprocess_exec(program, "-p", str(directory), "-c", str(config))
    try:
        async with asyncio.timeout(20):
            while process.returncode is None and not await _is_up(port):  # noqa: ASYNC110 - another process has no event
                await asyncio.sleep(0.01)
        assert process.returncode is None
        yield f"https://localhost:{port}"
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


async def test_nginx_is_good(
    context: ProbeContext, tmp_path: Path, authority: Authority, certificate: Certificate
) -> None:
    """TLS, a redirect, a compressed answer and a JSON value, all at once."""
    async with _nginx(tmp_path, certificate) as url:
        outcome = await attempt(
            context,
            f"{url}/moved",
            follow_redirects="1",
            tls={"ca_file": str(authority.ca_file)},
            expect={"headers": {"Server": "nginx", "Content-Encoding": "gzip"}, "json": {"status": "ok"}},
        )
    assert outcome.is_good, outcome.detail
    assert set(outcome.phases) == {"resolve", "connect", "tls", "processing", "transfer"}
    assert outcome.tls_expiry_at == certificate.ends_at
