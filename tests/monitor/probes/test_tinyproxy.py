"""`proxy` against tinyproxy: a proxy that nobody of us wrote."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from monitor.model.outcome import OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from tests.servers.http import OK, answering, silent
from tests.servers.raw import serving
from tests.support.listeners import free_port, listening
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
    port = free_port()
    config = directory / "tinyproxy.conf"
    config.write_text(_CONFIG.format(d=directory, port=port))
    async with listening(port, program, "-d", "-c", str(config)):
        yield f"http://127.0.0.1:{port}"


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
