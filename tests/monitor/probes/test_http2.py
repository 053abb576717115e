"""`http_version: "2"`: against nginx, through a proxy, along redirects; and what is judged as with HTTP/1.1."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from tests.servers import http, http2
from tests.servers.http2 import GREETING, OK, Asked, answering, data, head, reset, saying, settings
from tests.servers.proxy import Proxy
from tests.servers.raw import Script, Talk, serving
from tests.support.nginx import nginx
from tests.support.probing import patiently
from tests.support.tls import Authority, Certificate

_SERVER = """
  gzip on; gzip_min_length 1; gzip_types application/json;
  keepalive_requests 1;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {cert}; ssl_certificate_key {key};
    ssl_verify_client optional; ssl_client_certificate {ca};
    location = /health {{ default_type application/json; return 200 '{{"status": "ok"}}'; }}
    location = /moved {{ return 301 /health; }}
    location = /ours {{ if ($ssl_client_verify != SUCCESS) {{ return 403; }} return 200 'in'; }}
    location = /version {{ return 200 '$server_protocol $http_x_probe'; }}
  }}
"""


@asynccontextmanager
async def _nginx(directory: Path, authority: Authority, certificate: Certificate) -> AsyncIterator[str]:
    files = {"cert": certificate.cert_file, "key": certificate.key_file, "ca": authority.ca_file}
    async with nginx(directory, _SERVER, **files) as port:
        yield f"https://localhost:{port}"


async def _attempt(context: ProbeContext, url: str, **more: Any) -> Outcome:
    return await patiently(context, url, **{"http_version": "2", "timeout": "10s", **more})


async def test_nginx_is_good(
    context: ProbeContext, tmp_path: Path, authority: Authority, certificate: Certificate
) -> None:
    """TLS, a redirect, a compressed answer, a JSON value, and a server that takes one request for each connection."""
    async with _nginx(tmp_path, authority, certificate) as url:
        outcome = await _attempt(
            context,
            f"{url}/moved",
            follow_redirects="1",
            tls={"ca_file": str(authority.ca_file)},
            expect={"headers": {"Server": "nginx", "Content-Encoding": "gzip"}, "json": {"status": "ok"}},
        )
    assert outcome.is_good, outcome.detail
    assert set(outcome.phases) == {"resolve", "connect", "tls", "processing", "transfer"}
    assert outcome.tls_expiry_at == certificate.ends_at


async def test_nginx_was_asked_in_http2(
    context: ProbeContext, tmp_path: Path, authority: Authority, certificate: Certificate
) -> None:
    """The server says so itself; headers of ours arrive."""
    async with _nginx(tmp_path, authority, certificate) as url:
        tls = {"ca_file": str(authority.ca_file)}
        expect = {"body_matches": "^HTTP/2.0 deep$"}
        outcome = await _attempt(context, f"{url}/version", tls=tls, expect=expect, headers={"X-Probe": "deep"})
    assert outcome.is_good, outcome.detail


async def test_a_client_certificate_is_shown(
    context: ProbeContext, tmp_path: Path, authority: Authority, certificate: Certificate
) -> None:
    """As with HTTP/1.1: it lets us in, and without it we are not."""
    certificate.key_file.chmod(0o600)
    ours = {"certificate": str(certificate.cert_file), "key": str(certificate.key_file)}
    tls = {"ca_file": str(authority.ca_file)}
    async with _nginx(tmp_path, authority, certificate) as url:
        let_in = await _attempt(context, f"{url}/ours", tls={**tls, **ours})
        left_out = await _attempt(context, f"{url}/ours", tls=tls)
    assert let_in.is_good, let_in.detail
    assert (left_out.kind, left_out.reason) == (OutcomeKind.BAD, Reason.STATUS)


async def test_it_goes_through_a_proxy(context: ProbeContext, authority: Authority, certificate: Certificate) -> None:
    """Asked for in HTTP/1.1, spoken in the tunnel."""
    proxy, tls = Proxy(), certificate.context()
    tls.set_alpn_protocols(["h2"])
    async with serving(answering(OK), tls) as server, serving(proxy.script) as through:
        outcome = await _attempt(
            context,
            server.url("/health", "localhost"),
            proxy=through.url(""),
            tls={"ca_file": str(authority.ca_file)},
            expect={"json": {"status": "ok"}},
        )
    assert outcome.is_good, outcome.detail
    assert proxy.heads[0].startswith(b"CONNECT ")


@pytest.mark.parametrize(
    ("script", "found"),
    [
        pytest.param(
            answering(head(status=503), data(b"endless")),
            (OutcomeKind.BAD, Reason.STATUS, "status 503, expected 200"),
            id="status, without its body",
        ),
        pytest.param(
            answering(head(status=401)),
            (OutcomeKind.NOT_MEASURED, Reason.CREDENTIALS_REFUSED, "status 401: our own credential was refused"),
            id="credential",
        ),
        pytest.param(
            answering(head(status=429)),
            (OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED, "status 429: too many requests"),
            id="too many requests",
        ),
        pytest.param(
            answering(reset(7)),
            (
                OutcomeKind.BAD,
                Reason.CONNECTION_LOST,
                "the server refused the request before it began with it: REFUSED_STREAM",
            ),
            id="refused stream",
        ),
        pytest.param(
            http.answering(http.OK),
            (OutcomeKind.BAD, Reason.PROTOCOL, "the server does not speak HTTP/2: it answers in HTTP/1"),
            id="HTTP/1.1",
        ),
    ],
)
async def test_an_answer_is_judged_as_with_http_1(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch, script: Script, found: tuple[OutcomeKind, Reason, str]
) -> None:
    """Kind, reason and detail."""
    monkeypatch.setenv("PROBE_SECRET", "pr0be")
    async with serving(script) as server:
        outcome = await _attempt(context, server.url(), auth={"bearer": {"env": "PROBE_SECRET"}})
    assert (outcome.kind, outcome.reason, outcome.detail) == found


async def test_a_secret_is_sent_to_its_origin(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under its name in lower case, and to no other origin."""
    monkeypatch.setenv("PROBE_SECRET", "pr0be")
    home: list[Asked] = []
    away: list[Asked] = []
    async with serving(answering(OK, keeps=away)) as other:
        moved = head(("location", other.url("/there")), status=302, is_last=True)
        async with serving(answering(moved, keeps=home)) as server:
            secret = {"X-Api-Key": {"env": "PROBE_SECRET"}}
            outcome = await _attempt(context, server.url(), headers=secret, follow_redirects="1")
    assert outcome.is_good, outcome.detail
    assert ("x-api-key", "pr0be") in home[0].fields
    assert "pr0be" not in str(away[0])


async def test_a_window_that_stays_closed(context: ProbeContext) -> None:
    """The detail says what was waited for."""

    async def script(talk: Talk) -> None:
        await http2.asked(talk, whole=False)
        await talk.say(settings((4, 0)))
        await talk.hang()

    async with serving(script) as server:
        outcome = await _attempt(context, server.url(), method="POST", body="x" * 70_000, timeout="300ms")
    assert outcome.reason is Reason.TIMEOUT
    assert outcome.detail == "no answer within 0.3 s, waiting for the server to take the body of the request"


@pytest.mark.parametrize(
    ("sent", "awaited"),
    [((), "the first byte of the answer"), ((GREETING, OK[:-1]), "the rest of the answer")],
)
async def test_hanging_runs_into_the_deadline(context: ProbeContext, sent: tuple[bytes, ...], awaited: str) -> None:
    """As with HTTP/1.1."""
    async with serving(saying(*sent)) as server:
        outcome = await _attempt(context, server.url(), timeout="200ms")
    assert (outcome.reason, outcome.detail) == (Reason.TIMEOUT, f"no answer within 0.2 s, waiting for {awaited}")


async def test_the_library_is_imported_only_where_it_is_asked_for() -> None:
    """A monitor without such a probe does not pay for it."""
    program = "import sys, monitor.probes.http, monitor.assembly; print('h2' in sys.modules)"
    said = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert re.fullmatch("False\n", said.stdout)
