"""HTTP/2 and gRPC are explained as people read them: against nginx, grpcio, and servers that misbehave."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from glasswatch.redaction.redact import HIDDEN
from monitor.model.explanation import Check, Exchange, Explanation, Message
from monitor.model.outcome import OutcomeKind
from monitor.probes.context import ProbeContext
from monitor.probes.grpc_health import make
from monitor.settings.grpc_health import GrpcHealthProbeSettings
from monitor.web.detailview import message_text
from tests.servers import http
from tests.servers.http2 import GREETING, answering, data, frame, head, saying
from tests.servers.raw import Script, serving
from tests.support.explaining import explained
from tests.support.grpc_probing import grpc_server
from tests.support.nginx import nginx
from tests.support.probing import http_probe
from tests.support.tls import Authority, Certificate

SECRET = "supersecret-4711"
_SERVER = """
  gzip on; gzip_min_length 1; gzip_types application/json;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    ssl_certificate {cert}; ssl_certificate_key {key};
    location / {{
      default_type application/json; add_header X-Seen $http_authorization always;
      return 503 '{{"status": "bad", "seen": "$http_authorization"}}';
    }}
  }}
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_SECRET", SECRET)


def _both(why: Explanation) -> tuple[Exchange, Message, Message]:
    (exchange,) = why.exchanges
    assert exchange.sent is not None
    assert exchange.heard is not None
    return exchange, exchange.sent, exchange.heard


async def _explained(context: ProbeContext, url: str, **more: Any) -> Explanation:
    settings: dict[str, Any] = {"http_version": "2", "timeout": "10s", "auth": {"bearer": {"env": "PROBE_SECRET"}}}
    _, why = await explained(context, partial(http_probe, url=url, **settings, **more))
    assert SECRET not in json.dumps(asdict(why), default=str)
    return why


@pytest.mark.parametrize("expect", [{}, {"status": ["503"], "json": {"status": "ok"}}])
async def test_nginx_is_shown(
    context: ProbeContext, tmp_path: Path, authority: Authority, certificate: Certificate, expect: dict[str, Any]
) -> None:
    """Request, head and body, whether the body is waited for or not; what it gives back of ours is hidden."""
    async with nginx(tmp_path, _SERVER, cert=certificate.cert_file, key=certificate.key_file) as port:
        tls = {"ca_file": str(authority.ca_file)}
        why = await _explained(context, f"https://localhost:{port}/x?y=1", tls=tls, expect=expect)
    exchange, sent, heard = _both(why)
    assert exchange.tls is not None
    assert sent.line == "GET /x?y=1 HTTP/2"
    assert sent.fields[:2] == ((":scheme", "https"), (":authority", f"localhost:{port}"))
    assert ("authorization", HIDDEN) in sent.fields
    assert heard.line == "HTTP/2 503"
    assert ("content-type", "application/json") in heard.fields
    assert ("x-seen", f"Bearer {HIDDEN}") in heard.fields
    if expect:  # nginx sends head and body apart: what of a body nobody wants came along is chance
        assert heard.body == f'{{"status": "bad", "seen": "Bearer {HIDDEN}"}}'


def _grpc(port: int, service: str) -> GrpcHealthProbeSettings:
    given = {"function": "connect", "host": "localhost", "port": str(port), "timeout": "10s", "service": service}
    return GrpcHealthProbeSettings.model_validate(given)


@pytest.mark.parametrize(
    ("service", "status", "length", "checks"),
    [
        (
            "down",
            "0",
            "a gRPC message of 2 bytes",
            [
                Check("status", "gRPC status OK", "gRPC status OK", holds=True, is_ours=True),
                Check("health state", "SERVING", "NOT_SERVING", holds=False, is_ours=True),
            ],
        ),
        ("broken", "13", "", [Check("status", "gRPC status OK", "gRPC status INTERNAL", holds=False, is_ours=True)]),
    ],
)
async def test_grpcio_is_shown(
    context: ProbeContext, service: str, status: str, length: str, checks: list[Check]
) -> None:
    """Its status, wherever it stands; how long the message is, and what the service says of itself."""
    with grpc_server() as port:
        _, why = await explained(context, lambda noted: make(_grpc(port, service), noted))
    _, sent, heard = _both(why)
    assert sent.line == "POST /grpc.health.v1.Health/Check HTTP/2"
    assert ("content-type", "application/grpc") in sent.fields
    assert sent.note == "with a body, which is not shown"
    assert heard.line == "HTTP/2 200"
    assert ("grpc-status", status) in (*heard.fields, *heard.trailers)
    assert (heard.body, heard.note) == ("", length)
    assert list(why.checks) == checks


async def test_a_good_health_answer_is_explained(context: ProbeContext) -> None:
    """Status and state hold."""
    with grpc_server() as port:
        outcome, why = await explained(context, lambda noted: make(_grpc(port, "up"), noted))
    assert outcome.kind is OutcomeKind.GOOD
    assert [(check.rule, check.holds) for check in why.checks] == [("status", True), ("health state", True)]
    assert ("grpc-status", "0") in _both(why)[2].trailers


async def test_trailers_are_shown_apart(context: ProbeContext) -> None:
    """Behind the body, as on the wire; under a telling name hidden."""
    trailers = head(("x-end", f"it was {SECRET}"), ("x-token", "whose"), status=None, is_last=True)
    said = GREETING + head(("content-type", "text/plain")) + data(b"half ") + data(b"and half") + trailers
    async with serving(saying(said)) as server:
        why = await _explained(context, server.url(), expect={"body_matches": "^fine$"})
    _, _, heard = _both(why)
    assert heard.body == "half and half"
    assert heard.trailers == (("x-end", f"it was {HIDDEN}"), ("x-token", HIDDEN))
    assert message_text(heard).endswith(f"\n\nhalf and half\n\nx-end: it was {HIDDEN}\nx-token: {HIDDEN}")


async def test_a_body_that_came_along_is_shown(context: ProbeContext) -> None:
    """Where the status decided, as with HTTP/1.1; padding is no part of it."""
    said = GREETING + head(status=500) + data(b"out of ", padding=9) + data(b"order", is_last=True)
    async with serving(saying(said)) as server:
        why = await _explained(context, server.url())
    assert _both(why)[2].body == "out of order"


@pytest.mark.parametrize(
    ("script", "line", "note"),
    [
        (http.answering(http.answer(400, b"speak plainly")), "HTTP/1.1 400 Said", ""),
        (saying(GREETING + frame(1, b"\xff\xff", 4)), "", "are not text"),
    ],
)
async def test_what_is_no_answer_is_told_all_the_same(
    context: ProbeContext, script: Script, line: str, note: str
) -> None:
    """A server that doesn't speak HTTP/2, and one that speaks it wrongly."""
    async with serving(script) as server:
        why = await _explained(context, server.url())
    _, sent, heard = _both(why)
    assert sent.line == "GET / HTTP/2"
    assert heard.line == line
    assert note in heard.note


async def test_interim_answers_are_passed_over(context: ProbeContext) -> None:
    """The final one is shown."""
    async with serving(answering(head(status=103), head(status=500, is_last=True))) as server:
        why = await _explained(context, server.url())
    assert _both(why)[2].line == "HTTP/2 500"
