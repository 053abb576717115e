"""TLS of every wrongness, in plain words, and when certificates end."""

import os
import shutil
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from platforms.errors import FaultKind, TransportFault
from platforms.transport.reach import Network
from platforms.transport.resolver import Address, Ip
from platforms.transport.stopwatch import Phase
from platforms.transport.tls import TlsContexts, TlsOptions
from tests.servers import blocking_tls
from tests.servers.http import OK, answering, closing
from tests.servers.raw import Talk, serving
from tests.support.exchanges import Exchange
from tests.support.tls import Authority, Certificate

_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("issue", "words"),
    [
        pytest.param(lambda a: a.issue(starts=-9 * _DAY, ends=-_DAY), "certificate has expired", id="expired"),
        pytest.param(lambda a: a.issue(starts=_DAY, ends=9 * _DAY), "certificate is not yet valid", id="not yet valid"),
        pytest.param(
            lambda a: a.issue("other.example"),
            "IP address mismatch, certificate is not valid for '127.0.0.1'",
            id="another name",
        ),
    ],
)
async def test_a_wrong_certificate_is_named(
    network: Network, authority: Authority, issue: Callable[[Authority], Certificate], words: str
) -> None:
    """What is wrong with a certificate is said in OpenSSL's words."""
    async with serving(answering(OK), issue(authority).context()) as server:
        exchange = Exchange(network, server.url(), ca_file=authority.ca_file)
        fault = await exchange.fault()
    assert fault.kind is FaultKind.TLS
    assert str(fault).lower() == f"certificate not accepted: {words}".lower()
    assert isinstance(fault.__cause__, ssl.SSLCertVerificationError)
    assert exchange.watch.running is Phase.TLS


async def test_an_unknown_authority_is_named(network: Network, authority: Authority, stranger: Authority) -> None:
    """A chain that ends at nobody we trust is refused."""
    async with serving(answering(OK), stranger.issue().context()) as server:
        fault = await Exchange(network, server.url(), ca_file=authority.ca_file).fault()
    assert str(fault) == "certificate not accepted: unable to get local issuer certificate"


async def test_the_system_does_not_trust_our_authority(network: Network, certificate: Certificate) -> None:
    """Without a ca_file the system's authorities decide."""
    async with serving(answering(OK), certificate.context()) as server:
        fault = await Exchange(network, server.url()).fault()
    assert str(fault) == "certificate not accepted: unable to get local issuer certificate"


async def test_plaintext_behind_https(network: Network, authority: Authority) -> None:
    """A server that answers in clear is told from one with a bad certificate."""

    async def clear(talk: Talk) -> None:
        await talk.reader.read(1000)
        await talk.say(OK)

    async with serving(clear) as server:
        url = server.url().replace("http:", "https:")
        fault = await Exchange(network, url, ca_file=authority.ca_file).fault()
    assert (fault.kind, str(fault)) == (FaultKind.TLS, "the server did not answer in TLS")


async def test_a_banner_before_the_handshake(network: Network, authority: Authority) -> None:
    """A server that greets in clear before the handshake is no TLS server."""

    async def greeting(talk: Talk) -> None:
        await talk.say(b"220 mail.example ESMTP\r\n")
        await talk.hang()

    async with serving(greeting) as server:
        url = server.url().replace("http:", "https:")
        fault = await Exchange(network, url, ca_file=authority.ca_file).fault()
    assert str(fault) == "the server did not answer in TLS"


async def test_tls_behind_http(network: Network, certificate: Certificate) -> None:
    """A TLS server asked in clear does not look good."""
    async with serving(answering(OK), certificate.context()) as server:
        fault = await Exchange(network, server.url().replace("https:", "http:")).fault()
    assert fault.kind in {FaultKind.LOST, FaultKind.PROTOCOL}


@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
async def test_a_connection_lost_in_the_handshake(network: Network, authority: Authority, *, is_reset: bool) -> None:
    """Closing or breaking in the handshake is a lost connection, and says where."""

    async def leaving(talk: Talk) -> None:
        await talk.reader.read(1000)
        if is_reset:
            talk.reset()

    async with serving(leaving) as server:
        url = server.url().replace("http:", "https:")
        fault = await Exchange(network, url, ca_file=authority.ca_file).fault()
    how = "reset" if is_reset else "closed"
    assert (fault.kind, str(fault)) == (FaultKind.LOST, f"the connection was {how} during the TLS handshake")


async def test_an_old_version_is_refused(network: Network, certificate: Certificate, authority: Authority) -> None:
    """A server that offers less than the least version allowed is refused, whoever finds out first."""
    context = certificate.context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with blocking_tls.serving(context, OK) as url:
        fault = await Exchange(network, url, ca_file=authority.ca_file, min_version="1.3").fault()
    assert (fault.kind, str(fault)) == (
        FaultKind.TLS,
        "the server refuses the TLS versions that are allowed here",
    )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
async def test_a_server_that_asks_for_a_certificate(
    network: Network, certificate: Certificate, authority: Authority, version: ssl.TLSVersion
) -> None:
    """In TLS 1.3 the refusal comes after the handshake; it is one of TLS all the same."""
    context = certificate.context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.ca_file)
    context.maximum_version = version
    async with blocking_tls.serving(context, OK) as url:
        fault = await Exchange(network, url, ca_file=authority.ca_file).fault()
    assert fault.kind is FaultKind.TLS
    assert "certificate" in str(fault)


async def test_a_server_name_set_by_hand_is_verified(network: Network, authority: Authority) -> None:
    """The name to verify can differ from the address's."""
    async with serving(answering(OK), authority.issue("portal.example").context()) as server:
        url = server.url()
        response = await Exchange(network, url, ca_file=authority.ca_file, server_name="portal.example").response()
        fault = await Exchange(network, url, ca_file=authority.ca_file, server_name="other.example").fault()
    assert response.status_code == 200
    assert "not valid for 'other.example'" in str(fault)


async def test_a_name_with_a_final_dot(network: Network, authority: Authority) -> None:
    """A fully qualified name is verified without its dot."""

    class Everywhere:
        async def resolve(self, host: str, port: int, ip: Ip = Ip.PREFER_4) -> Address:
            return Address("127.0.0.1", port, socket.AF_INET)

        def forget(self) -> None:
            pass

        async def aclose(self) -> None:
            pass

    there = replace(network, resolver=Everywhere())
    async with serving(answering(OK), authority.issue("portal.example").context()) as server:
        response = await Exchange(there, server.url(host="portal.example."), ca_file=authority.ca_file).response()
    assert response.status_code == 200


async def test_when_a_certificate_ends(network: Network, authority: Authority) -> None:
    """The end of the server's certificate comes with the answer, each time."""
    certificate = authority.issue(ends=13 * _DAY)
    async with serving(answering(OK), certificate.context()) as server:
        exchange = Exchange(network, server.url(), ca_file=authority.ca_file)
        assert await exchange.expiry() == certificate.ends_at
        assert await exchange.expiry() == certificate.ends_at


async def test_there_is_no_end_without_tls(network: Network) -> None:
    """In clear nothing ends."""
    async with serving(answering(OK)) as server:
        assert await Exchange(network, server.url()).expiry() is None


async def test_a_missing_ca_file_is_our_own_fault(network: Network, certificate: Certificate, tmp_path: Path) -> None:
    """A server is not to blame for authorities that we can't read, not even for being down."""
    async with serving(closing, certificate.context()) as server:
        fault = await Exchange(network, server.url(), ca_file=tmp_path / "none.pem").fault()
        assert server.connections == 0
    assert (fault.kind, str(fault)) == (FaultKind.OWN, "tls.ca_file can't be read: No such file or directory")


async def test_a_ca_file_that_changed_is_read_again(
    network: Network, authority: Authority, stranger: Authority, tmp_path: Path
) -> None:
    """An authority that is renewed while we run is trusted without a restart."""
    ca_file = tmp_path / "ca.pem"
    shutil.copy(authority.ca_file, ca_file)
    async with serving(answering(OK), stranger.issue().context()) as server:
        assert (await Exchange(network, server.url(), ca_file=ca_file).fault()).kind is FaultKind.TLS
        ca_file.unlink()
        shutil.copy(stranger.ca_file, ca_file)
        assert (await Exchange(network, server.url(), ca_file=ca_file).response()).status_code == 200


async def test_the_systems_authorities_are_read_again(
    network: Network, authority: Authority, stranger: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that the system comes to trust is trusted without a restart, and one that it drops is not."""
    systems = tmp_path / "ca-certificates.crt"
    shutil.copy(authority.ca_file, systems)
    monkeypatch.setenv("SSL_CERT_FILE", str(systems))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nothing"))
    network = replace(network, tls=TlsContexts())  # where they are is looked up once
    async with serving(answering(OK), stranger.issue().context()) as server:
        assert (await Exchange(network, server.url()).fault()).kind is FaultKind.TLS
        systems.unlink()
        shutil.copy(stranger.ca_file, systems)
        assert (await Exchange(network, server.url()).response()).status_code == 200
        systems.unlink()
        shutil.copy(authority.ca_file, systems)
        assert (await Exchange(network, server.url()).fault()).kind is FaultKind.TLS


def test_contexts_are_shared(authority: Authority, stranger: Authority) -> None:
    """The same options get the same context, other options another."""
    contexts = TlsContexts()
    first = contexts.get(TlsOptions(authority.ca_file))
    assert contexts.get(TlsOptions(authority.ca_file)) is first
    assert contexts.get(TlsOptions(stranger.ca_file)) is not first
    assert contexts.get(TlsOptions(authority.ca_file, "1.3")).minimum_version is ssl.TLSVersion.TLSv1_3


def test_every_context_verifies(authority: Authority) -> None:
    """No context can be had that does not verify chain and name."""
    for options in (TlsOptions(), TlsOptions(authority.ca_file)):
        context = TlsContexts().get(options)
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname is True


def test_a_ca_file_without_certificates(tmp_path: Path) -> None:
    """A file that holds something else is named, without repeating it."""
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text("something private")
    with pytest.raises(TransportFault, match=r"^tls\.ca_file holds no certificates in PEM form$"):
        TlsContexts().get(TlsOptions(ca_file))


def test_a_ca_file_that_is_a_pipe_holds_up_nobody(tmp_path: Path) -> None:
    """OpenSSL would wait for its other end, and the event loop with it."""
    os.mkfifo(tmp_path / "ca.pem")
    with pytest.raises(TransportFault, match=r"^tls\.ca_file can't be read: it is no regular file$"):
        TlsContexts().get(TlsOptions(tmp_path / "ca.pem"))


def test_what_was_read_already_is_not_read_again(authority: Authority, stranger: Authority) -> None:
    """It counts in place of the file."""
    contexts = TlsContexts()
    options = [TlsOptions(Path("/nowhere"), authorities=each.ca_file.read_bytes()) for each in (authority, stranger)]
    found = [contexts.get(each).get_ca_certs(binary_form=True) for each in options]
    assert [len(each) for each in found] == [1, 1]
    assert found[0] != found[1]


def test_a_machine_without_authorities(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that trusts nobody can't judge a server."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    with pytest.raises(TransportFault, match="this machine trusts no authorities"):
        TlsContexts().get(TlsOptions())
