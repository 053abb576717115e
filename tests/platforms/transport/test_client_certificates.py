"""Our own client certificate: shown, renewed, refused, and never shown elsewhere."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from platforms.errors import FaultKind, TransportFault
from platforms.http import Request
from platforms.transport.http import IDENTITY, HttpTransport, Terms
from platforms.transport.reach import Network
from platforms.transport.redirects import Route, follow
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import Identity, TlsContexts, TlsOptions
from tests.servers import blocking_tls
from tests.servers.http import OK, answer
from tests.support.tls import Authority, Certificate

_VERSIONS = pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["TLS 1.2", "TLS 1.3"]
)


def _identity(certificate: Certificate) -> Identity:
    return Identity(certificate.cert_file, certificate.key_file.read_text())


def _asking(
    certificate: Certificate, trusted: Authority, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> ssl.SSLContext:
    context = certificate.context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(trusted.ca_file)
    context.maximum_version = version
    return context


async def _status(network: Network, url: str, authority: Authority, identity: Identity | None) -> int:
    terms = Terms(1000, TlsOptions(authority.ca_file))
    transport = HttpTransport(network, terms, Stopwatch(network.clock))
    request = Request("GET", url, extensions={} if identity is None else {IDENTITY: identity})
    return (await follow(transport.handle_async_request, request, Route(1))).response.status_code


async def _fault(network: Network, url: str, authority: Authority, identity: Identity | None) -> TransportFault:
    with pytest.raises(TransportFault) as caught:
        await _status(network, url, authority, identity)
    return caught.value


@_VERSIONS
async def test_it_is_shown(
    network: Network, authority: Authority, certificate: Certificate, version: ssl.TLSVersion
) -> None:
    """A server that asks for one and knows its authority lets us in."""
    async with blocking_tls.serving(_asking(certificate, authority, version), OK) as url:
        assert await _status(network, url, authority, _identity(authority.issue("probe"))) == 200


@_VERSIONS
async def test_one_of_an_unknown_authority_is_refused(
    network: Network, authority: Authority, stranger: Authority, certificate: Certificate, version: ssl.TLSVersion
) -> None:
    """An alert: in TLS 1.2 in the handshake, in TLS 1.3 with what is read first."""
    async with blocking_tls.serving(_asking(certificate, authority, version), OK) as url:
        fault = await _fault(network, url, authority, _identity(stranger.issue("probe")))
    assert (fault.kind, str(fault)) == (
        FaultKind.CREDENTIAL,
        "the server does not know the client certificate's authority",
    )


@_VERSIONS
async def test_a_server_that_asks_where_we_have_none(
    network: Network, authority: Authority, certificate: Certificate, version: ssl.TLSVersion
) -> None:
    """No credential of ours was refused: it is the server's TLS that failed."""
    async with blocking_tls.serving(_asking(certificate, authority, version), OK) as url:
        assert (await _fault(network, url, authority, None)).kind is FaultKind.TLS


async def test_it_goes_to_the_first_origin_only(
    network: Network, authority: Authority, certificate: Certificate
) -> None:
    """After a redirect to another port it is not shown, so that one who asks refuses us without having seen it."""
    identity = _identity(authority.issue("probe"))
    async with blocking_tls.serving(_asking(certificate, authority), OK) as elsewhere:
        home = answer(302, headers=[("Location", elsewhere)])
        async with blocking_tls.serving(_asking(certificate, authority), home) as url:
            fault = await _fault(network, url, authority, identity)
    assert (fault.kind, str(fault)) == (FaultKind.TLS, "the server asks for a client certificate")


async def test_it_is_read_again_when_it_changes(
    network: Network, authority: Authority, stranger: Authority, certificate: Certificate, tmp_path: Path
) -> None:
    """A renewed certificate is shown at the next attempt; one context is kept, not one for each renewal."""
    tls = TlsContexts()
    there, file = replace(network, tls=tls), tmp_path / "client.pem"
    async with blocking_tls.serving(_asking(certificate, authority), OK) as url:
        before, after = stranger.issue("probe"), authority.issue("probe")
        file.write_bytes(before.cert_file.read_bytes())
        fault = await _fault(there, url, authority, Identity(file, before.key_file.read_text()))
        assert fault.kind is FaultKind.CREDENTIAL
        file.write_bytes(after.cert_file.read_bytes())
        assert await _status(there, url, authority, Identity(file, after.key_file.read_text())) == 200
    assert len(tls._kept) == 1


def _encrypted(certificate: Certificate) -> str:
    key = serialization.load_pem_private_key(certificate.key_file.read_bytes(), None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"hunter2"),
    ).decode()


@pytest.mark.parametrize("wrong", ["another key", "encrypted", "no key", "no file", "a directory"])
def test_a_pair_that_cannot_be_used_is_our_own_fault(authority: Authority, tmp_path: Path, wrong: str) -> None:
    """Nobody is asked for a password, and no key is shown."""
    made = authority.issue("probe")
    file = {"no file": tmp_path / "none.pem", "a directory": tmp_path}.get(wrong, made.cert_file)
    key = {
        "another key": authority.issue("probe").key_file.read_text(),
        "encrypted": _encrypted(made),
        "no key": "s3cr3t",
    }.get(wrong, made.key_file.read_text())
    with pytest.raises(TransportFault) as caught:
        TlsContexts().get(TlsOptions(authority.ca_file), Identity(file, key))
    assert caught.value.kind is FaultKind.OWN
    assert "tls." in str(caught.value)
    shown = f"{caught.value!r} {caught.value} {Identity(file, key)!r}"
    assert all(line not in shown for line in key.splitlines() if line)


def test_without_a_certificate_nothing_changes(authority: Authority) -> None:
    """The context of those who show none is never the one of those who do."""
    tls, options = TlsContexts(), TlsOptions(authority.ca_file)
    plain = tls.get(options)
    assert tls.get(options, _identity(authority.issue("probe"))) is not plain
    assert tls.get(options) is plain
