"""`tls.certificate` against servers that nobody of us wrote: OpenSSL's, and nginx."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from tests.support.probing import attempt
from tests.support.programs import require
from tests.support.tls import Authority, Certificate

_NGINX = """
daemon off; master_process off; pid {d}/pid; error_log {d}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {d}/1; proxy_temp_path {d}/2; fastcgi_temp_path {d}/3; uwsgi_temp_path {d}/4;
  scgi_temp_path {d}/5;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {cert}; ssl_certificate_key {key};
    ssl_verify_client on; ssl_client_certificate {ca};
    location / {{ return 200 'in'; }}
  }}
}}
"""


@asynccontextmanager
async def _running(port: int, *command: str) -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(20):
            while process.returncode is None and not await _is_up(port):  # noqa: ASYNC110 - another process has no event
                await asyncio.sleep(0.01)
        assert process.returncode is None
        yield f"https://localhost:{port}/"
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


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _s_server(port: int, certificate: Certificate, authority: Authority, version: str) -> Sequence[str]:
    program = require("openssl", package="openssl")
    files = ("-cert", certificate.cert_file, "-key", certificate.key_file, "-CAfile", authority.ca_file)
    asks = ("-Verify", "1", "-verify_return_error")
    more = ("-accept", f"127.0.0.1:{port}", version, "-www", "-naccept", "1000")
    return [program, "s_server", *map(str, files), *asks, *more]


async def _outcome(context: ProbeContext, url: str, authority: Authority, ours: Certificate, **more: Any) -> Outcome:
    ours.key_file.chmod(0o600)
    tls = {"ca_file": str(authority.ca_file), "certificate": str(ours.cert_file), "key": str(ours.key_file)}
    return await attempt(context, url, tls=tls, **more)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_openssl_takes_or_refuses_it(
    context: ProbeContext, authority: Authority, stranger: Authority, certificate: Certificate, version: str
) -> None:
    """Let in, it is good; refused, it is our own credential; and a second that is let in says so."""
    port, good, bad = _free_port(), authority.issue("probe"), stranger.issue("probe")
    good.key_file.chmod(0o600)
    second = {"tls": {"certificate": str(good.cert_file), "key": str(good.key_file)}}
    async with _running(port, *_s_server(port, certificate, authority, version)) as url:
        taken = await _outcome(context, url, authority, good)
        refused = await _outcome(context, url, authority, bad)
        heard = await _outcome(context, url, authority, bad, second=second)
    assert taken.is_good, taken.detail
    assert (refused.kind, refused.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert refused.detail == "the server does not know the client certificate's authority"
    assert (heard.kind, heard.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert heard.detail.endswith("the second principal's works")


async def test_both_certificates_refused_is_bad(
    context: ProbeContext, authority: Authority, stranger: Authority, certificate: Certificate
) -> None:
    """Two that were issued separately are not both wrong."""
    port, other = _free_port(), stranger.issue("other")
    other.key_file.chmod(0o600)
    second = {"tls": {"certificate": str(other.cert_file), "key": str(other.key_file)}}
    async with _running(port, *_s_server(port, certificate, authority, "-tls1_3")) as url:
        outcome = await _outcome(context, url, authority, stranger.issue("probe"), second=second)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, Reason.STATUS)


async def test_nginx_takes_or_refuses_it(
    context: ProbeContext, authority: Authority, stranger: Authority, certificate: Certificate, tmp_path: Path
) -> None:
    """It refuses with 400 after a handshake in which nothing was wrong: that is never an outage."""
    program = require("nginx", package="nginx-light")
    port, config = _free_port(), tmp_path / "nginx.conf"
    files = {"cert": certificate.cert_file, "key": certificate.key_file, "ca": authority.ca_file}
    config.write_text(_NGINX.format(d=tmp_path, port=port, **files))
    async with _running(port, program, "-p", str(tmp_path), "-c", str(config)) as url:
        taken = await _outcome(context, url, authority, authority.issue("probe"), expect={"body_matches": "^in$"})
        refused = await _outcome(context, url, authority, stranger.issue("probe"))
        expected = await _outcome(context, url, authority, stranger.issue("probe"), expect={"status": [400]})
        without = await attempt(context, url, tls={"ca_file": str(authority.ca_file)})
    assert taken.is_good, taken.detail
    assert (refused.kind, refused.reason) == (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED)
    assert refused.detail == "status 400, as servers refuse a client certificate"
    assert expected.is_good
    assert (without.kind, without.reason) == (OutcomeKind.BAD, Reason.STATUS)


async def test_a_key_that_is_missing(context: ProbeContext, authority: Authority, tmp_path: Path) -> None:
    """It is a secret like any other: nothing is sent without it."""
    tls = {"certificate": str(tmp_path / "c.pem"), "key": {"env": "NOBODY_SET_THIS"}}
    outcome = await attempt(context, "https://127.0.0.1:9/", tls=tls)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.SECRET_UNAVAILABLE)


async def test_a_certificate_that_is_missing(context: ProbeContext, authority: Authority, tmp_path: Path) -> None:
    """It is our own fault, and says which setting."""
    key = authority.issue("probe").key_file
    key.chmod(0o600)
    outcome = await attempt(
        context, "https://127.0.0.1:9/", tls={"certificate": str(tmp_path / "c.pem"), "key": str(key)}
    )
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.OWN_FAULT)
    assert outcome.detail.startswith("tls.certificate can't be read")
