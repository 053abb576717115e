"""The `grpc_health` probe against grpcio's own server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.model.outcome import OutcomeKind, Reason, Warn
from monitor.probes.context import ProbeContext
from tests.support.grpc_probing import ask, grpc_server
from tests.support.tls import Authority, Certificate

_GOOD = (OutcomeKind.GOOD, Reason.OK, "the service says SERVING")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server in clear."""
    with grpc_server() as found:
        yield found


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRPC_TOKEN", "Bearer pr0be")
    monkeypatch.setenv("GRPC_STALE", "Bearer stale")


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, _GOOD),
        ({"service": "up"}, _GOOD),
        ({"service": "down"}, (OutcomeKind.BAD, Reason.ANSWER, "the service says NOT_SERVING")),
        ({"service": "unknown"}, (OutcomeKind.BAD, Reason.ANSWER, "the service says UNKNOWN")),
        (
            {"service": "nobody.v1.Nothing"},
            (OutcomeKind.BAD, Reason.STATUS, "gRPC status NOT_FOUND: the server does not know the service"),
        ),
        ({"service": "locked", "metadata": {"authorization": {"env": "GRPC_TOKEN"}}}, _GOOD),
        (
            {"service": "locked", "metadata": {"authorization": {"env": "GRPC_STALE"}}},
            (
                OutcomeKind.NOT_MEASURED,
                Reason.CREDENTIALS_REFUSED,
                "gRPC status UNAUTHENTICATED: our own credential was refused",
            ),
        ),
        ({"service": "locked"}, (OutcomeKind.BAD, Reason.STATUS, "gRPC status UNAUTHENTICATED")),
        ({"service": "forbidden"}, (OutcomeKind.BAD, Reason.STATUS, "gRPC status PERMISSION_DENIED")),
        (
            {"service": "forbidden", "metadata": {"authorization": {"env": "GRPC_TOKEN"}}},
            (
                OutcomeKind.NOT_MEASURED,
                Reason.CREDENTIALS_REFUSED,
                "gRPC status PERMISSION_DENIED: our own credential was refused",
            ),
        ),
        (
            {"service": "busy"},
            (OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED, "gRPC status RESOURCE_EXHAUSTED: too many requests"),
        ),
        ({"service": "broken"}, (OutcomeKind.BAD, Reason.STATUS, "gRPC status INTERNAL")),
        (
            {"service": "slow", "timeout": "2s"},
            (OutcomeKind.BAD, Reason.TIMEOUT, "no answer within 2 s, waiting for the first byte of the answer"),
        ),
    ],
)
async def test_what_a_server_says(
    context: ProbeContext, port: int, settings: dict[str, Any], found: tuple[OutcomeKind, Reason, str]
) -> None:
    """Kind, reason and detail; the server's own words are in none of them."""
    outcome = await ask(context, port, **settings)
    assert (outcome.kind, outcome.reason, outcome.detail) == found


async def test_the_phases_are_those_of_any_attempt(context: ProbeContext, port: int) -> None:
    """In clear there is none of TLS."""
    outcome = await ask(context, port)
    assert set(outcome.phases) == {"resolve", "connect", "processing", "transfer"}
    assert outcome.tls_expiry_at is None


async def test_slowness_is_marked(context: ProbeContext, port: int) -> None:
    """As with every probe."""
    assert (await ask(context, port, warn={"duration": "1ms"})).warnings == (Warn.DURATION,)


async def test_over_tls(context: ProbeContext, authority: Authority, certificate: Certificate) -> None:
    """Verified, agreed on by ALPN, with the end of the certificate."""
    with grpc_server(certificate.cert_file, certificate.key_file) as port:
        tls = {"ca_file": str(authority.ca_file)}
        outcome = await ask(context, port, tls=tls, warn={"tls_days_left": "90"})
        untrusted = await ask(context, port, tls={})
        in_clear = await ask(context, port)
    assert (outcome.kind, outcome.reason, outcome.detail) == _GOOD
    assert outcome.tls_expiry_at == certificate.ends_at
    assert outcome.warnings == (Warn.TLS_DAYS_LEFT,)
    assert set(outcome.phases) == {"resolve", "connect", "tls", "processing", "transfer"}
    assert untrusted.reason is Reason.TLS_FAILED
    assert in_clear.is_bad


async def test_a_client_certificate(
    context: ProbeContext, authority: Authority, certificate: Certificate, stranger: Authority
) -> None:
    """It lets us in; another authority's is refused, which is not the server's fault."""
    ours, theirs = authority.issue("probe"), stranger.issue("probe")
    for each in (ours, theirs):
        each.key_file.chmod(0o600)
    with grpc_server(certificate.cert_file, certificate.key_file, authority.ca_file) as port:
        tls = {"ca_file": str(authority.ca_file)}
        let_in = await ask(context, port, tls={**tls, **_shown(ours)})
        refused = await ask(context, port, tls={**tls, **_shown(theirs)})
        nothing_shown = await ask(context, port, tls=tls)
    assert let_in.is_good, let_in.detail
    # It closes without an alert.
    words = "the server broke off right after TLS, as some refuse a client certificate"
    assert (refused.reason, refused.detail) == (Reason.CREDENTIALS_REFUSED, words)
    assert (nothing_shown.kind, nothing_shown.reason) == (OutcomeKind.BAD, Reason.CONNECTION_LOST)


def _shown(certificate: Certificate) -> dict[str, str]:
    return {"certificate": str(certificate.cert_file), "key": str(certificate.key_file)}


async def test_a_secret_that_is_missing(context: ProbeContext, port: int, tmp_path: Path) -> None:
    """Nothing is sent without it."""
    metadata = {"authorization": {"file": str(tmp_path / "nothing")}}
    outcome = await ask(context, port, metadata=metadata)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.NOT_MEASURED, Reason.SECRET_UNAVAILABLE)
