"""One exchange with a server that behaves."""

import socket
import ssl

import pytest

from platforms.http import Request
from platforms.transport.http import HttpTransport, Terms
from platforms.transport.reach import Network
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import TlsOptions
from tests.servers.http import OK, answer, answering, gzipped
from tests.servers.raw import serving
from tests.support.exchanges import Exchange
from tests.support.tls import Authority, Certificate


async def test_status_headers_and_body_arrive(network: Network) -> None:
    """What the server said comes back, with repeated header fields apart."""
    said = answer(201, b"made", [("X-One", "1"), ("X-Two", "2"), ("x-one", "3")])
    async with serving(answering(said)) as server:
        response = await Exchange(network, server.url()).response()
        body = await Exchange(network, server.url()).body()
    assert response.status_code == 201
    assert response.headers.get_list("x-one") == ["1", "3"]
    assert body == b"made"


async def test_the_request_is_sent_as_given(network: Network) -> None:
    """Method, path with query, host and body go out; nothing is added behind the caller's back."""
    heads: list[bytes] = []
    async with serving(answering(OK, keeps=heads)) as server:
        await Exchange(network, server.url("/a%20b?c=d"), method="POST", content=b"xyz").response()
    assert heads[0].splitlines() == [
        b"POST /a%20b?c=d HTTP/1.1",
        b"Host: 127.0.0.1:%d" % server.port,
        b"Content-Length: 3",
        b"",
    ]


@pytest.mark.parametrize(
    ("said", "body"),
    [
        pytest.param(OK, b'{"status": "ok"}', id="content length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
            b"abcde",
            id="chunks with extension and trailer",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nto the end", b"to the end", id="until the connection ends"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\nold", b"old", id="HTTP/1.0"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="no body by its status"),
        pytest.param(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nlf", b"lf", id="bare line feeds"),
        pytest.param(b"HTTP/1.1 200\r\nContent-Length: 0\r\nX-Empty:\r\n\r\n", b"", id="no reason, empty field"),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
            b'{"status": "ok"}',
            id="interim answers first",
        ),
        pytest.param(OK + b"and more than was announced", b'{"status": "ok"}', id="bytes after the answer"),
        pytest.param(OK + answer(500), b'{"status": "ok"}', id="another answer after the answer"),
        pytest.param(gzipped(b"a" * 5000), b"a" * 5000, id="gzip"),
        pytest.param(answer(200, b"", [("Content-Encoding", "gzip")]), b"", id="no body to decompress"),
    ],
)
async def test_every_framing_of_a_body_is_read(network: Network, said: bytes, body: bytes) -> None:
    """However a body is framed, it is read to its end and no further."""
    async with serving(answering(said)) as server:
        assert await Exchange(network, server.url()).body() == body


async def test_ipv6(network: Network) -> None:
    """A numeric IPv6 host is connected to, and named in brackets."""
    heads: list[bytes] = []
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with serving(answering(OK, keeps=heads), host="::1") as server:
        assert await Exchange(network, server.url(host="[::1]")).body() == b'{"status": "ok"}'
    assert b"Host: [::1]:%d" % server.port in heads[0]


async def test_a_dribbled_answer_is_whole(network: Network) -> None:
    """An answer cut into single bytes means the same."""
    async with serving(answering(*(OK[index : index + 1] for index in range(len(OK))))) as server:
        assert await Exchange(network, server.url()).body() == b'{"status": "ok"}'


async def test_head_is_answered_without_body(network: Network) -> None:
    """An answer to HEAD ends with its head, whatever length it announces."""
    async with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")) as server:
        response = await Exchange(network, server.url(), method="HEAD").response()
    assert response.status_code == 200


async def test_a_body_that_nobody_wants_is_not_read(network: Network) -> None:
    """Where only some statuses' bodies are wanted, others end with their head."""
    async with serving(answering(b"HTTP/1.1 503 Down\r\nContent-Length: 99999999\r\n\r\n")) as server:
        terms = Terms(1000, TlsOptions(), body_for=frozenset({200}))
        transport = HttpTransport(network, terms, Stopwatch(network.clock))
        response = await transport.handle_async_request(Request("GET", server.url()))
    assert response.status_code == 503


async def test_each_exchange_has_a_connection_of_its_own(network: Network) -> None:
    """Nothing is reused, even where the server would allow it."""
    async with serving(answering(OK)) as server:
        exchange = Exchange(network, server.url())
        await exchange.response()
        await exchange.response()
        assert server.connections == 2


async def test_phases_without_tls(network: Network) -> None:
    """A numeric host is not resolved, and without TLS there is no TLS phase."""
    async with serving(answering(OK)) as server:
        exchange = Exchange(network, server.url())
        await exchange.response()
    assert set(exchange.watch.phases()) == {"connect", "processing", "transfer"}
    assert exchange.watch.running is None


async def test_phases_with_everything(network: Network, certificate: Certificate, authority: Authority) -> None:
    """A name that resolves and TLS add their phases; together they are no more than the time that passed."""
    async with serving(answering(OK), certificate.context()) as server:
        exchange = Exchange(network, server.url(host="localhost"), ca_file=authority.ca_file)
        await exchange.response()
    phases = exchange.watch.phases()
    assert list(phases) == ["resolve", "connect", "tls", "processing", "transfer"]
    assert all(seconds >= 0 for seconds in phases.values())
    assert sum(phases.values()) <= exchange.watch.elapsed


async def test_tls_until_the_connection_ends(network: Network, certificate: Certificate, authority: Authority) -> None:
    """A body that ends with the connection is whole under TLS too, with or without a goodbye."""
    async with serving(answering(b"HTTP/1.1 200 OK\r\n\r\nto the end"), certificate.context()) as server:
        assert await Exchange(network, server.url(), ca_file=authority.ca_file).body() == b"to the end"


async def test_a_large_body_under_tls(network: Network, certificate: Certificate, authority: Authority) -> None:
    """Many TLS records make one body."""
    body = bytes(range(256)) * 4000
    async with serving(answering(answer(200, body)), certificate.context()) as server:
        assert await Exchange(network, server.url(), ca_file=authority.ca_file).body() == body


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
async def test_both_tls_versions(
    network: Network, certificate: Certificate, authority: Authority, version: ssl.TLSVersion
) -> None:
    """TLS 1.2 and 1.3 are spoken."""
    context = certificate.context()
    context.minimum_version = context.maximum_version = version
    async with serving(answering(OK), context) as server:
        assert await Exchange(network, server.url(), ca_file=authority.ca_file).body() == b'{"status": "ok"}'
