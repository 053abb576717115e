"""`tls.certificate` against servers that nobody of us wrote: OpenSSL's, and nginx."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.model.outcome import Outcome, OutcomeKind, Reason
from monitor.probes.context import ProbeContext
from tests.support.nginx import nginx
from tests.support.probing import attempt
from tests.support.s_server import s_server
from tests.support.tls import Authority, Certificate

_ASKING = """
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {cert}; ssl_certificate_key {key};
    ssl_verify_client on; ssl_client_certificate {ca};
    location / {{ return 200 'in'; }}
  }}
"""


@asynccontextmanager
async def _s_server(certificate: Certificate, authority: Authority, version: str) -> AsyncIterator[str]:
    asks = ("-CAfile", str(authority.ca_file), "-Verify", "1", "-verify_return_error")
    async with s_server(certificate, *asks, version, "-www") as port:
        yield f"https://localhost:{port}/"


async def _outcome(context: ProbeContext, url: str, authority: Authority, ours: Certificate, **more: Any) -> Outcome:
    ours.key_file.chmod(0o600)
    tls = {"ca_file": str(authority.ca_file), "certificate": str(ours.cert_file), "key": str(ours.key_file)}
    return await attempt(context, url, tls=tls, **more)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_openssl_takes_or_refuses_it(
    context: ProbeContext, authority: Authority, stranger: Authority, certificate: Certificate, version: str
) -> None:
    """Let in, it is good; refused, it is our own credential; and a second that is let in says so."""
    good, bad = authority.issue("probe"), stranger.issue("probe")
    good.key_file.chmod(0o600)
    second = {"tls": {"certificate": str(good.cert_file), "key": str(good.key_file)}}
    async with _s_server(certificate, authority, version) as url:
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
    other = stranger.issue("other")
    other.key_file.chmod(0o600)
    second = {"tls": {"certificate": str(other.cert_file), "key": str(other.key_file)}}
    async with _s_server(certificate, authority, "-tls1_3") as url:
        outcome = await _outcome(context, url, authority, stranger.issue("probe"), second=second)
    assert (outcome.kind, outcome.reason) == (OutcomeKind.BAD, Reason.STATUS)


async def test_nginx_takes_or_refuses_it(
    context: ProbeContext, authority: Authority, stranger: Authority, certificate: Certificate, tmp_path: Path
) -> None:
    """It refuses with 400 after a handshake in which nothing was wrong: that is never an outage."""
    files = {"cert": certificate.cert_file, "key": certificate.key_file, "ca": authority.ca_file}
    async with nginx(tmp_path, _ASKING, **files) as port:
        url = f"https://localhost:{port}/"
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
