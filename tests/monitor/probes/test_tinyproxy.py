"""`proxy` against tinyproxy: a proxy that nobody of us wrote."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.model.outcome import OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from tests.servers.http import OK, answering, silent
from tests.servers.raw import serving
from tests.support.probing import attempt
from tests.support.programs import require
from tests.support.tls import Authority, Certificate

_CONFIG = """
Port {port}
Listen 127.0.0.1
Timeout 10
PidFile "{d}/pid"
LogFile "{d}/log"
BasicAuth probe s3cr3t
"""


@asynccontextmanager
async def _tinyproxy(directory: Path) -> AsyncIterator[str]:
    program = require("tinyproxy", package="tinyproxy-bin")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    config = directory / "tinyproxy.conf"
    config.write_text(_CONFIG.format(d=directory, port=port))
    process = await asyncio.create_subprocess_exec(program, "-d", "-c", str(config))
    try:
        async with asyncio.timeout(20):
            while process.returncode is None and not await _is_up(port):  # noqa: ASYNC110 - another process has no event
                await asyncio.sleep(0.01)
        assert process.returncode is None
        yield f"http://127.0.0.1:{port}"
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


async def test_through_tinyproxy(
    context: ProbeContext,
    authority: Authority,
    certificate: Certificate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Good for https and http; what is not there, and who is not let in, is never held against the platform."""
    monkeypatch.setenv("PROXY_SECRET", "s3cr3t")
    tls = {"tls": {"ca_file": str(authority.ca_file)}}
    async with serving(silent) as gone:
        nobody = gone.url()
    async with (
        _tinyproxy(tmp_path) as url,
        serving(answering(OK), certificate.context()) as https,
        serving(answering(OK)) as http,
    ):
        proxy = {"url": url, "user": "probe", "password": {"env": "PROXY_SECRET"}}
        good = [
            await attempt(context, https.url(), proxy=proxy, **tls),
            await attempt(context, http.url(), proxy=proxy),
        ]
        unmeasured = [
            await attempt(context, nobody.replace("http:", "https:"), proxy=proxy, **tls),
            await attempt(context, nobody, proxy=proxy),
            await attempt(context, https.url(), proxy=url, **tls),
            await attempt(context, http.url(), proxy=url),
        ]
    assert [outcome.detail for outcome in good if not outcome.is_good] == []
    assert {(outcome.kind, outcome.reason) for outcome in unmeasured} == {(OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)}
