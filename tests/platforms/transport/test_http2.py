"""One exchange over HTTP/2: what is sent, what is taken in, and how the version is agreed on."""

import asyncio
import socket

import pytest

from platforms.errors import FaultKind
from platforms.transport.http import trailers_of
from platforms.transport.reach import Network
from platforms.transport.tape import Tape
from tests.servers import blocking_tls, http, http2
from tests.servers.http2 import (
    BODY,
    DATA,
    END_HEADERS,
    GREETING,
    HEADERS,
    OK,
    PADDED,
    SETTINGS,
    Asked,
    answering,
    block,
    data,
    frame,
    goaway,
    head,
    settings,
    window,
)
from tests.servers.raw import Talk, serving
from tests.support.exchanges import MEBIBYTE, Exchange
from tests.support.tls import Authority, Certificate


async def test_an_answer_is_read(network: Network) -> None:
    """Status, fields and body; the phases are those of HTTP/1.1."""
    async with serving(answering(OK)) as server:
        exchange = Exchange(network, server.url(), is_http2=True)
        response = await exchange.response()
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.extensions["http_version"] == b"HTTP/2"
    assert set(exchange.watch.phases()) == {"connect", "processing", "transfer"}


async def test_what_is_sent(network: Network) -> None:
    """The host is a field of HTTP/2's own, what concerns a connection is left out, and nothing may be pushed."""
    keeps: list[Asked] = []
    async with serving(answering(OK, keeps=keeps)) as server:
        headers = {"Connection": "close", "X-Probe": "1", "Upgrade": "x"}
        exchange = Exchange(network, server.url("/health?deep=1"), is_http2=True, headers=headers)
        await exchange.response()
    assert keeps[0].fields == [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", f"127.0.0.1:{server.port}"),
        (":path", "/health?deep=1"),
        ("x-probe", "1"),
    ]
    told = next(payload for kind, payload in keeps[0].others if kind == SETTINGS)
    pairs = {int.from_bytes(told[at : at + 2], "big"): told[at + 2 : at + 6] for at in range(0, len(told), 6)}
    assert int.from_bytes(pairs[2], "big") == 0
    assert int.from_bytes(pairs[6], "big") == 64 * 1024


async def test_a_header_with_a_line_end_is_not_sent(network: Network) -> None:
    """It would be another header to whoever translates it to HTTP/1.1."""
    async with serving(answering(OK)) as server:
        fault = await Exchange(network, server.url(), is_http2=True, headers={"X": "a\nb"}).fault()
    assert (fault.kind, str(fault)) == (FaultKind.OWN, "a header can't be sent: it holds a line end")


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((head(), data(BODY[:3]), data(BODY[3:]), data(is_last=True)), id="in pieces"),
        pytest.param((head(), data(BODY, padding=200), data(padding=9, is_last=True)), id="padded"),
        pytest.param((head(), data(BODY), head(("x", "y"), status=None, is_last=True)), id="with trailers"),
        pytest.param((head(status=100), head(status=103), OK), id="interim answers first"),
        pytest.param((goaway(1), OK), id="a server that takes no more after this one"),
        pytest.param((goaway(2**31 - 1), goaway(1), OK), id="one that says so in two steps"),
        pytest.param((head(), data(BODY), goaway(1), data(is_last=True)), id="one that says so in between"),
        pytest.param((frame(0xB7, b"x", 0, 0), OK), id="a frame that nobody knows"),
        pytest.param((OK, b"\xff" * 100), id="rubbish afterwards"),
        pytest.param((OK, http2.reset(0)), id="reset once it is whole"),
        pytest.param(
            (
                frame(HEADERS, b"\x04" + block([(":status", "200")]) + bytes(4), END_HEADERS | PADDED),
                data(BODY, is_last=True),
            ),
            id="padded head",
        ),
        pytest.param(
            (
                frame(HEADERS, block([(":status", "200")])[:2], 0),
                frame(9, block([(":status", "200")])[2:], END_HEADERS),
                data(BODY, is_last=True),
            ),
            id="head in two pieces",
        ),
    ],
)
async def test_a_body_comes_in_many_ways(network: Network, pieces: tuple[bytes, ...]) -> None:
    """All of them are the same body."""
    async with serving(answering(*pieces)) as server:
        assert await Exchange(network, server.url(), is_http2=True).body() == BODY


async def test_byte_by_byte(network: Network) -> None:
    """Where reads end means nothing."""
    everything = GREETING + head(status=103) + OK

    async def script(talk: Talk) -> None:
        await http2.asked(talk)
        talk.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(len(everything)):
            await talk.say(everything[index : index + 1])
            await asyncio.sleep(0)

    async with serving(script) as server:
        assert await Exchange(network, server.url(), is_http2=True, within=20).body() == BODY


async def test_trailers_are_kept(network: Network) -> None:
    """What comes after the body is there to be read."""
    trailer = head(("x-state", "up"), status=None, is_last=True)
    async with serving(answering(head(), data(BODY), trailer)) as server:
        response = await Exchange(network, server.url(), is_http2=True).response()
    assert trailers_of(response) == [(b"x-state", b"up")]


async def test_a_large_body_outlasts_every_window(network: Network) -> None:
    """A server that keeps to the windows gets all of it across, because they are opened as we read."""
    size = 4 * MEBIBYTE
    async with serving(http2.keeping_to_windows(size)) as server:
        exchange = Exchange(network, server.url(), is_http2=True, max_body=size, within=30)
        assert len(await exchange.body()) == size


async def test_a_body_leaves_as_the_windows_open(network: Network) -> None:
    """No byte is sent that the server has no room for."""
    got: list[bytes] = []

    async def script(talk: Talk) -> None:
        asked = await http2.asked(talk, whole=False)
        await talk.say(settings((4, 5000)))
        body = asked.body
        while len(body) < 100_000:
            kind, _, payload = await http2.read_frame(talk)
            if kind == DATA:
                body += payload
                await talk.say(window(len(payload)) + window(len(payload), 1))
        got.append(body)
        await talk.say(OK)

    async with serving(script) as server:
        exchange = Exchange(network, server.url(), "POST", b"x" * 100_000, is_http2=True, within=30)
        assert await exchange.body() == BODY
    assert got == [b"x" * 100_000]
    assert exchange.watch.awaited is None


async def test_an_early_answer_need_not_wait_for_the_body(network: Network) -> None:
    """A server may answer before it has taken what was sent."""

    async def script(talk: Talk) -> None:
        await http2.asked(talk, whole=False)
        await talk.say(settings((4, 0)) + head(status=413, is_last=True))
        await talk.hang()

    async with serving(script) as server:
        exchange = Exchange(network, server.url(), "POST", b"x" * 100_000, is_http2=True, within=20)
        assert (await exchange.response()).status_code == 413


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304), ("GET", 503)])
async def test_a_body_that_nobody_wants_is_not_waited_for(network: Network, method: str, status: int) -> None:
    """The head is enough, though the server never ends."""
    said = head(("content-length", "99999999"), status=status)
    async with serving(http2.saying(GREETING, said)) as server:
        exchange = Exchange(network, server.url(), method, is_http2=True, body_for={200, 204, 304}, within=20)
        assert (await exchange.response()).status_code == status


async def test_a_tape_holds_what_people_read(network: Network) -> None:
    """Heads unpacked, bodies as they came, interim answers and trailers too."""
    tape = Tape()
    trailer = head(("x-state", "up"), status=None, is_last=True)
    async with serving(answering(head(status=103), head(("a", "b")), data(BODY), trailer)) as server:
        await Exchange(network, server.url(), is_http2=True, tape=tape).response()
    assert bytes(tape.said) == b'HTTP/2 103\r\n\r\nHTTP/2 200\r\na: b\r\n\r\n{"status": "ok"}\r\nx-state: up\r\n\r\n'


async def test_it_is_agreed_on_in_tls(network: Network, certificate: Certificate, authority: Authority) -> None:
    """A server that agrees to h2 is spoken to in it."""
    context = certificate.context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    async with serving(answering(OK), context) as server:
        exchange = Exchange(network, server.url(), is_http2=True, ca_file=authority.ca_file)
        assert await exchange.body() == BODY
        assert set(exchange.watch.phases()) == {"connect", "tls", "processing", "transfer"}


@pytest.mark.parametrize("offered", [None, ["http/1.1"]])
async def test_a_server_that_does_not_agree(
    network: Network, certificate: Certificate, authority: Authority, offered: list[str] | None
) -> None:
    """It is not spoken to in HTTP/1.1 instead: that would be another measurement."""
    context = certificate.context()
    if offered is not None:
        context.set_alpn_protocols(offered)
    async with serving(http.answering(http.OK), context) as server:
        fault = await Exchange(network, server.url(), is_http2=True, ca_file=authority.ca_file).fault()
    assert (fault.kind, str(fault)) == (FaultKind.PROTOCOL, "the server does not offer HTTP/2 (ALPN h2)")


async def test_a_server_that_refuses_by_an_alert(
    network: Network, certificate: Certificate, authority: Authority
) -> None:
    """Some end the handshake: it is the protocol that is missing, not trust."""
    context = certificate.context()
    context.sni_callback = lambda *_: 120  # no_application_protocol (RFC 7301, 3.2)
    async with blocking_tls.serving(context, b"") as url:
        fault = await Exchange(network, url, is_http2=True, ca_file=authority.ca_file).fault()
    words = "the server speaks nothing of what was asked for (ALPN)"
    assert (fault.kind, str(fault)) == (FaultKind.PROTOCOL, words)
