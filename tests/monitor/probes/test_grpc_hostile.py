"""gRPC servers that misbehave, and what stands before servers: each with its outcome."""

from typing import Any

import pytest

from glasswatch import __version__
from monitor.model.outcome import OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from tests.servers import http, http2
from tests.servers.http2 import GREETING, Asked, answering, data, goaway, head, repeating, reset, saying
from tests.servers.raw import Script, serving
from tests.support.grpc_probing import ask

_TYPE = ("content-type", "application/grpc")
_WELL = head(("grpc-status", "0"), status=None, is_last=True)
_NOT_HEALTH = "the message is not a health answer"


def _message(content: bytes, flag: int = 0, said: int | None = None) -> bytes:
    size = len(content) if said is None else said
    return bytes((flag,)) + size.to_bytes(4, "big") + content


def _told(body: bytes, last: bytes = _WELL) -> Script:
    return answering(head(_TYPE), data(body), last)


def _only(*fields: tuple[str, str], status: int = 200) -> Script:
    return answering(head(*fields, status=status, is_last=True))


_SERVING = _message(b"\x08\x01")
_STATUS, _PROTOCOL, _ANSWER = Reason.STATUS, Reason.PROTOCOL, Reason.ANSWER
_BAD = [
    # What is said at the end.
    pytest.param(
        _told(_SERVING, data(is_last=True)), _PROTOCOL, "the answer ends without a gRPC status", id="no trailers"
    ),
    pytest.param(
        _told(_SERVING, head(("x", "y"), status=None, is_last=True)),
        _PROTOCOL,
        "the answer ends without a gRPC status",
        id="trailers without status",
    ),
    pytest.param(_only(_TYPE), _PROTOCOL, "the answer ends without a gRPC status", id="a head and nothing else"),
    pytest.param(
        answering(head(_TYPE, ("grpc-status", "0")), data(_SERVING, is_last=True)),
        _PROTOCOL,
        "the answer ends without a gRPC status",
        id="status too early",
    ),
    pytest.param(
        _told(_SERVING, head(("grpc-status", "0"), ("grpc-status", "0"), status=None, is_last=True)),
        _PROTOCOL,
        "the gRPC status is not one number",
        id="two statuses",
    ),
    pytest.param(
        _told(_SERVING, head(("grpc-status", "OK"), status=None, is_last=True)),
        _PROTOCOL,
        "the gRPC status is not one number",
        id="status in words",
    ),
    pytest.param(
        _told(_SERVING, head(("grpc-status", "14"), ("grpc-message", "a%20secret"), status=None, is_last=True)),
        _STATUS,
        "gRPC status UNAVAILABLE",
        id="a message and a failure",
    ),
    pytest.param(
        _only(_TYPE, ("grpc-status", "12")),
        _STATUS,
        "gRPC status UNIMPLEMENTED: the server has no health service",
        id="no health service",
    ),
    pytest.param(_only(_TYPE, ("grpc-status", "99")), _STATUS, "gRPC status code 99", id="a status nobody knows"),
    # What stands before servers.
    pytest.param(_only(status=503), _STATUS, "HTTP status 503, UNAVAILABLE to gRPC", id="503"),
    pytest.param(_only(status=404), _STATUS, "HTTP status 404, UNIMPLEMENTED to gRPC", id="404"),
    pytest.param(_only(status=401), _STATUS, "HTTP status 401, UNAUTHENTICATED to gRPC", id="401"),
    pytest.param(_only(status=302), _STATUS, "HTTP status 302, UNKNOWN to gRPC", id="redirect"),
    pytest.param(
        _only(_TYPE, ("grpc-status", "0"), status=500), _STATUS, "HTTP status 500, UNKNOWN to gRPC", id="500 that is OK"
    ),
    pytest.param(
        _only(_TYPE, ("grpc-status", "14"), status=500), _STATUS, "gRPC status UNAVAILABLE", id="500 with a status"
    ),
    pytest.param(
        answering(head(("content-type", "text/html")), data(b"<html>", is_last=True)),
        _PROTOCOL,
        "the answer is not gRPC: its content type is another",
        id="a page",
    ),
    pytest.param(
        answering(head(("content-type", "application/grpc+json")), data(_SERVING), _WELL),
        _PROTOCOL,
        "the answer is not gRPC: its content type is another",
        id="JSON",
    ),
    # The message.
    pytest.param(_told(b""), _PROTOCOL, "the gRPC status is OK, but there is no message", id="no message"),
    pytest.param(_told(_SERVING * 2), _PROTOCOL, "there is more than one message", id="two messages"),
    pytest.param(
        _told(_message(b"\x08\x01", said=3)),
        _PROTOCOL,
        "the message is cut short, or no message at all",
        id="longer than it is",
    ),
    pytest.param(
        _told(_message(b"\x08\x01", said=2**32 - 1)),
        _PROTOCOL,
        "the message is cut short, or no message at all",
        id="4 GiB",
    ),
    pytest.param(_told(b"\0\0"), _PROTOCOL, "the message is cut short, or no message at all", id="half a prefix"),
    pytest.param(
        _told(_message(b"\x08\x01", flag=1)),
        _PROTOCOL,
        "the message is compressed, which nobody asked for",
        id="compressed",
    ),
    pytest.param(
        _told(_message(b"\x08\x01", flag=2)),
        _PROTOCOL,
        "the message is cut short, or no message at all",
        id="a flag nobody knows",
    ),
    pytest.param(_told(_message(b"garbage!")), _PROTOCOL, _NOT_HEALTH, id="garbage"),
    pytest.param(_told(_message(b"\x08\x01\x08\x01")), _PROTOCOL, _NOT_HEALTH, id="status twice"),
    pytest.param(_told(_message(b"")), _ANSWER, "the service says UNKNOWN", id="empty message"),
    pytest.param(_told(_message(b"\x08\x03")), _ANSWER, "the service says SERVICE_UNKNOWN", id="service unknown"),
    pytest.param(
        _told(_message(b"\x08\x07")), _ANSWER, "the service says a state that nobody knows", id="another state"
    ),
    pytest.param(
        repeating(head(_TYPE), data(b"\0" * 4096)), Reason.TOO_LARGE, "the body is larger than allowed", id="endless"
    ),
    # Below it.
    pytest.param(
        http.answering(http.OK), _PROTOCOL, "the server does not speak HTTP/2: it answers in HTTP/1", id="1.1"
    ),
    pytest.param(
        answering(goaway(0, 11)),
        Reason.CONNECTION_LOST,
        "the server says that we ask too much of it: ENHANCE_YOUR_CALM",
        id="goaway",
    ),
    pytest.param(
        answering(head(_TYPE), reset(8)), Reason.CONNECTION_LOST, "the server reset the request: CANCEL", id="reset"
    ),
    pytest.param(
        answering(head(_TYPE), data(_SERVING)),
        Reason.CONNECTION_LOST,
        "the connection was closed in the middle of the body",
        id="closed before the status",
    ),
]


@pytest.mark.parametrize(("script", "reason", "detail"), _BAD)
async def test_what_an_engineers_client_would_fail_on_is_bad(
    context: ProbeContext, script: Script, reason: Reason, detail: str
) -> None:
    """Each with its reason and one plain line, in which nothing of the server's is repeated."""
    async with serving(script) as server:
        outcome = await ask(context, server.port, host="127.0.0.1")
    assert (outcome.kind, outcome.reason, outcome.detail) == (OutcomeKind.BAD, reason, detail)


@pytest.mark.parametrize(
    ("body", "head_fields"),
    [
        pytest.param(_SERVING, (_TYPE,), id="plain"),
        pytest.param(_SERVING, (("content-type", "application/grpc+proto; x=y"),), id="content type in full"),
        pytest.param(_message(b"\x08\x01\x12\x03abc\x1d1234\x218bytes!!\x28\x07"), (_TYPE,), id="fields of tomorrow"),
    ],
)
async def test_what_is_good(context: ProbeContext, body: bytes, head_fields: tuple[tuple[str, str], ...]) -> None:
    """Everything that gRPC allows."""
    async with serving(answering(head(*head_fields), data(body[:3]), data(body[3:]), _WELL)) as server:
        outcome = await ask(context, server.port, host="127.0.0.1")
    assert outcome.is_good, outcome.detail


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (429, Reason.RATE_LIMITED),
        (401, Reason.CREDENTIALS_REFUSED),
        (403, Reason.CREDENTIALS_REFUSED),
    ],
)
async def test_what_stands_before_a_server_may_refuse_us(
    context: ProbeContext, monkeypatch: pytest.MonkeyPatch, status: int, reason: Reason
) -> None:
    """In HTTP's statuses: not measured, as with `http`."""
    monkeypatch.setenv("GRPC_TOKEN", "Bearer pr0be")
    async with serving(_only(status=status)) as server:
        metadata = {"authorization": {"env": "GRPC_TOKEN"}}
        outcome = await ask(context, server.port, host="127.0.0.1", metadata=metadata)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, reason)


@pytest.mark.parametrize("sent", [(), (GREETING,), (GREETING, head(_TYPE)), (GREETING, head(_TYPE), data(_SERVING))])
async def test_hanging_runs_into_the_deadline(context: ProbeContext, sent: tuple[bytes, ...]) -> None:
    """Before the greeting, the head, the message and the status."""
    async with serving(saying(*sent)) as server:
        outcome = await ask(context, server.port, host="127.0.0.1", timeout="200ms")
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, Reason.TIMEOUT)


async def test_what_is_sent(context: ProbeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fields that gRPC wants, the timeout and a second more, metadata, and the message in its frame."""
    monkeypatch.setenv("GRPC_TOKEN", "Bearer pr0be")
    keeps: list[Asked] = []
    settings: dict[str, Any] = {
        "service": "payments.v1.Access",
        "authority": "payments.internal",
        "metadata": {"x-tenant": "staging", "authorization": {"env": "GRPC_TOKEN"}},
        "timeout": "1500ms",
    }
    async with serving(http2.answering(head(_TYPE), data(_SERVING), _WELL, keeps=keeps)) as server:
        outcome = await ask(context, server.port, host="127.0.0.1", **settings)
    assert outcome.is_good, outcome.detail
    assert dict(keeps[0].fields) == {
        ":method": "POST",
        ":scheme": "http",
        ":authority": "payments.internal",
        ":path": "/grpc.health.v1.Health/Check",
        "user-agent": f"glasswatch/{__version__}",
        "x-tenant": "staging",
        "authorization": "Bearer pr0be",
        "te": "trailers",
        "content-type": "application/grpc",
        "grpc-timeout": "2500m",
        "content-length": "25",
    }
    assert keeps[0].body == b"\0\0\0\0\x14\x0a\x12payments.v1.Access"
