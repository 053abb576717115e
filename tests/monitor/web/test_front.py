"""Beyond loopback: TLS of our own, renewed while we run, and proxies that alone are answered. Over real sockets."""

import asyncio
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
import uvloop
from cryptography import x509

from glasswatch.secrets import Secret
from monitor.errors import ListenFailed
from monitor.web.certificate import Certificate
from monitor.web.deadlines import Bounds
from monitor.web.door import Front
from monitor.web.server import WebServer
from platforms.http import AsyncClient, HTTPError
from tests.support.face import World
from tests.support.siege import stopped
from tests.support.tls import Authority, authority
from tests.support.tls import Certificate as Issued
from tests.support.waiting import until

__all__ = ["authority"]

PATIENT = Bounds(idle_seconds=1, stop_seconds=1)


class Pair:
    """A certificate and its key in files that a renewal replaces."""

    def __init__(self, directory: Path) -> None:
        self.chain = directory / "monitor.pem"
        self.key = directory / "monitor.key"

    def renew(self, issued: Issued) -> None:
        """Put another pair there."""
        shutil.copy(issued.key_file, self.key)
        shutil.copy(issued.cert_file, self.chain)

    def certificate(self, look_seconds: float = 0.01) -> Certificate:
        """Return it as the monitor shows it."""

        async def key() -> Secret:
            return Secret(self.key.read_text())

        return Certificate(self.chain, key, look_seconds)


@pytest.fixture
def pair(tmp_path: Path, authority: Authority) -> Pair:
    """A pair with nothing wrong."""
    made = Pair(tmp_path)
    made.renew(authority.issue())
    return made


@asynccontextmanager
async def _serving(front: Front, bounds: Bounds = PATIENT) -> AsyncIterator[WebServer]:
    face = World().face()
    server = WebServer(face.app, face.close, bounds, front)
    server.bind("127.0.0.1", 0)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        group.create_task(server.run())
        try:
            yield server
        finally:
            server.stop()


async def _healthy(url: str, authority: Authority) -> bool:
    trust = ssl.create_default_context(cafile=authority.ca_file)
    async with AsyncClient(verify=trust, trust_env=False, timeout=20) as client:
        return (await client.get(f"{url}/-/healthy")).text == "healthy\n"


async def _serial(address: tuple[str, int], authority: Authority) -> int:
    trust = ssl.create_default_context(cafile=authority.ca_file)
    _, writer = await asyncio.open_connection(*address, ssl=trust, server_hostname="localhost")
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return x509.load_der_x509_certificate(shown).serial_number


def _number(issued: Issued) -> int:
    return x509.load_pem_x509_certificate(issued.cert_file.read_bytes()).serial_number


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_it_answers_over_tls(pair: Pair, authority: Authority, loop: object) -> None:
    """To whoever trusts its authority; whoever speaks plain HTTP gets nothing."""

    async def story() -> None:
        certificate = pair.certificate()
        await certificate.load()
        async with _serving(Front(certificate.context)) as server:
            assert server.url.startswith("https://127.0.0.1:")
            assert await _healthy(server.url, authority)
            with pytest.raises(HTTPError):
                await _healthy(server.url.replace("https", "http"), authority)

    with asyncio.Runner(loop_factory=loop) as runner:  # type: ignore[arg-type]  # one of the two above
        runner.run(story())


async def test_old_tls_is_not_spoken(pair: Pair, authority: Authority) -> None:
    """1.2 is the least."""
    certificate = pair.certificate()
    await certificate.load()
    old = ssl.create_default_context(cafile=authority.ca_file)
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with _serving(Front(certificate.context)) as server:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(*server.address, ssl=old, server_hostname="localhost")
        assert certificate.context.minimum_version is ssl.TLSVersion.TLSv1_2


async def test_a_handshake_has_a_deadline(pair: Pair) -> None:
    """A client that connects and says nothing is let go."""
    certificate = pair.certificate()
    await certificate.load()
    async with _serving(Front(certificate.context), Bounds(request_seconds=0.3)) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        assert await reader.read() == b""
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_a_renewed_certificate_is_shown_without_a_restart(pair: Pair, authority: Authority) -> None:
    """To new connections."""
    certificate = pair.certificate()
    await certificate.load()
    watching = asyncio.create_task(certificate.watch())
    async with _serving(Front(certificate.context)) as server:
        first = await _serial(server.address, authority)
        renewed = authority.issue()
        pair.renew(renewed)
        async with asyncio.timeout(20):
            while await _serial(server.address, authority) == first:
                pass
        assert await _serial(server.address, authority) == _number(renewed)
    await stopped([watching])


@pytest.mark.parametrize("what", ["another's key", "no certificate", "half a certificate", "gone", "no key"])
async def test_a_broken_renewal_keeps_what_was_there(
    pair: Pair, authority: Authority, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """It is logged once, and a whole pair that follows is taken."""
    certificate = pair.certificate()
    await certificate.load()
    good = await asyncio.to_thread(pair.chain.read_text)
    another = authority.issue()
    if what in ("another's key", "no key"):
        pair.key.write_text("" if what == "no key" else authority.issue().key_file.read_text())
        shutil.copy(another.cert_file, pair.chain)
    elif what == "gone":
        pair.chain.unlink()
    else:
        pair.chain.write_text("nothing" if what == "no certificate" else good[:200])
    watching = asyncio.create_task(certificate.watch())
    async with _serving(Front(certificate.context)) as server:
        await until(lambda: "certificate_not_usable" in caplog.text)
        before = await _serial(server.address, authority)
        assert await _healthy(server.url, authority)
        assert [record.message for record in caplog.records].count("certificate_not_usable") == 1
        pair.renew(another)
        async with asyncio.timeout(20):
            while await _serial(server.address, authority) == before:
                pass
    await stopped([watching])
    assert "PRIVATE" not in caplog.text


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda pair: pair.chain.unlink(), "can't be read: No such file or directory"),
        (lambda pair: pair.chain.write_text("hunter2"), "both PEM, not encrypted"),
        (lambda pair: pair.key.write_text("hunter2"), "both PEM, not encrypted"),
    ],
    ids=["missing", "no certificate", "no key"],
)
async def test_at_the_start_it_is_one_clear_line(pair: Pair, spoil: object, says: str) -> None:
    """What is wrong, where; nothing of what stands there."""
    spoil(pair)  # type: ignore[operator]  # one of those above
    with pytest.raises(ListenFailed) as caught:
        await pair.certificate().load()
    assert str(caught.value).startswith("listen.tls")
    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_a_key_of_another_certificate_is_called_that(pair: Pair, authority: Authority) -> None:
    """The commonest mistake of a renewal."""
    shutil.copy(authority.issue().key_file, pair.key)
    with pytest.raises(ListenFailed, match="the key is not that of the certificate"):
        await pair.certificate().load()


async def test_an_encrypted_key_is_not_asked_about(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is there to type a passphrase."""
    from cryptography.hazmat.primitives import serialization as pem  # noqa: PLC0415 - here only

    key = pem.load_pem_private_key(pair.key.read_bytes(), None)
    pair.key.write_bytes(
        key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(b"hunter2"))
    )
    with pytest.raises(ListenFailed, match="not encrypted"):
        await asyncio.wait_for(pair.certificate().load(), timedelta(seconds=20).total_seconds())


@pytest.mark.parametrize(
    ("proxies", "is_answered"), [(("127.0.0.0/8",), True), (("10.0.0.0/24",), False), (("::1/128",), False)]
)
async def test_only_declared_proxies_are_answered(*, proxies: tuple[str, ...], is_answered: bool) -> None:
    """Anybody else is cut off at once, without a word."""
    front = Front(proxies=tuple(ip_network(each) for each in proxies))
    async with _serving(front, Bounds()) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = await asyncio.gather(reader.read(), return_exceptions=True)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
    said = answer[0] if isinstance(answer[0], bytes) else b""
    assert said.endswith(b"healthy\n") is is_answered
    assert bool(said) is is_answered


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_beyond_loopback_it_listens_with_something_in_front_only(host: str, pair: Pair) -> None:
    """TLS or proxies; nothing else opens the door."""
    face = World().face()
    with pytest.raises(ListenFailed, match="needs TLS or a declared proxy"):
        WebServer(face.app, face.close).bind(host, 0)
    certificate = pair.certificate()
    await certificate.load()
    for front in (Front(certificate.context), Front(proxies=(ip_network("10.0.0.0/24"),))):
        server = WebServer(face.app, face.close, front=front)
        try:
            assert server.bind(host, 0)[0] == host
        finally:
            server.close()


async def test_a_proxy_on_an_ipv6_socket_is_known_by_its_ipv4_address() -> None:
    """A socket for both kinds shows IPv4 addresses in IPv6's clothes."""
    face = World().face()
    server = WebServer(face.app, face.close, PATIENT, Front(proxies=(ip_network("127.0.0.0/8"),)))
    _, port = server.bind("::", 0)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(server.run())
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(client, b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await loop.sock_recv(client, 100)).startswith(b"HTTP/1.1 200 ")
        server.stop()
