"""Servers that misbehave: each fault has its kind and one plain line, and nothing a server sent is repeated."""

import pytest

from platforms.errors import FaultKind
from platforms.transport.reach import Network
from tests.servers.http import OK, answer, answering, bomb, closing, repeating, then_resetting
from tests.servers.raw import Script, Talk, serving
from tests.support.exchanges import Exchange
from tests.support.tls import Authority, Certificate

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_INVALID = "the answer is not valid HTTP: "


async def _greeting(talk: Talk) -> None:
    await talk.say(b"SSH-2.0-OpenSSH_9.2\r\n")
    await talk.hang()


@pytest.mark.parametrize(
    ("script", "kind", "words"),
    [
        pytest.param(closing, FaultKind.LOST, "the connection was closed without an answer", id="no answer"),
        pytest.param(
            answering(OK[:20]), FaultKind.LOST, "the connection was closed in the middle of the head", id="half a head"
        ),
        pytest.param(
            answering(OK[:-1]), FaultKind.LOST, "the connection was closed in the middle of the body", id="short body"
        ),
        pytest.param(
            answering(_CHUNKED + b"5\r\nab"),
            FaultKind.LOST,
            "the connection was closed in the middle of the body",
            id="half a chunk",
        ),
        pytest.param(
            answering(_CHUNKED + b"2\r\nab\r\n"),
            FaultKind.LOST,
            "the connection was closed in the middle of the body",
            id="no last chunk",
        ),
        pytest.param(
            then_resetting(), FaultKind.LOST, "the connection was reset before the answer was whole", id="reset at once"
        ),
        pytest.param(
            then_resetting(OK[:-3]),
            FaultKind.LOST,
            "the connection was reset before the answer was whole",
            id="reset in the body",
        ),
        pytest.param(
            then_resetting(b"HTTP/1.1 200 OK\r\n\r\nto the en"),
            FaultKind.LOST,
            "the connection was reset before the answer was whole",
            id="reset where the connection's end ends the body",
        ),
        pytest.param(
            answering(b"<html>secret</html>"),
            FaultKind.PROTOCOL,
            _INVALID + "Expected HTTP/, RTSP/ or ICE/",
            id="HTTP/0.9",
        ),
        pytest.param(_greeting, FaultKind.PROTOCOL, _INVALID + "Expected HTTP/, RTSP/ or ICE/", id="another protocol"),
        pytest.param(
            answering(bytes(range(256))), FaultKind.PROTOCOL, _INVALID + "Expected HTTP/, RTSP/ or ICE/", id="garbage"
        ),
        pytest.param(
            answering(b"HTTP/1.1 2x0 OK\r\n\r\n"),
            FaultKind.PROTOCOL,
            _INVALID + "Invalid status code",
            id="status with a letter",
        ),
        pytest.param(
            answering(b"HTTP/1.1 000 OK\r\n\r\n"),
            FaultKind.PROTOCOL,
            "the answer has the impossible status 0",
            id="status 0",
        ),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nNo Colon\r\n\r\n"),
            FaultKind.PROTOCOL,
            _INVALID + "Invalid header token",
            id="field without a colon",
        ),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"),
            FaultKind.PROTOCOL,
            _INVALID + "Invalid header value char",
            id="NUL in a field",
        ),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
            FaultKind.PROTOCOL,
            _INVALID + "Duplicate Content-Length",
            id="two lengths",
        ),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
            FaultKind.PROTOCOL,
            _INVALID + "Transfer-Encoding can't be present with Content-Length",
            id="length and chunks",
        ),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
            FaultKind.PROTOCOL,
            _INVALID + "Invalid character in Content-Length",
            id="negative length",
        ),
        pytest.param(
            answering(_CHUNKED + b"zz\r\n"),
            FaultKind.PROTOCOL,
            _INVALID + "Invalid character in chunk size",
            id="bad chunk size",
        ),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
            FaultKind.PROTOCOL,
            "the answer has a transfer coding that nobody asked for",
            id="transfer coding",
        ),
        pytest.param(
            answering(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
            FaultKind.PROTOCOL,
            "the answer has the impossible status 101",
            id="switching protocols",
        ),
        pytest.param(
            repeating(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 3),
            FaultKind.PROTOCOL,
            "more than 10 interim answers",
            id="interim answers without end",
        ),
        pytest.param(
            repeating(b"HTTP/1.1 200 ", b"x" * 5000),
            FaultKind.TOO_LARGE,
            "the head of the answer is larger than 64 KiB",
            id="endless first line",
        ),
        pytest.param(
            repeating(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 5000),
            FaultKind.TOO_LARGE,
            "the head of the answer is larger than 64 KiB",
            id="endless field",
        ),
        pytest.param(
            repeating(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 20),
            FaultKind.TOO_LARGE,
            "the answer has more than 100 header fields",
            id="endless fields",
        ),
        pytest.param(
            answering(answer(200, b"", [("X", "x" * 40_000), ("Y", "y" * 40_000)])),
            FaultKind.TOO_LARGE,
            "the head of the answer is larger than 64 KiB",
            id="large head at once",
        ),
        pytest.param(
            repeating(_CHUNKED + b"0\r\n", b"X: y\r\n" * 20),
            FaultKind.TOO_LARGE,
            "the answer has more than 100 header fields",
            id="endless trailer",
        ),
        pytest.param(
            answering(answer(200, b"x" * 1_048_577)),
            FaultKind.TOO_LARGE,
            "the body is larger than allowed",
            id="one byte over, announced",
        ),
        pytest.param(
            repeating(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
            FaultKind.TOO_LARGE,
            "the body is larger than allowed",
            id="endless body",
        ),
        pytest.param(
            repeating(_CHUNKED, b"4000\r\n" + b"x" * 0x4000 + b"\r\n"),
            FaultKind.TOO_LARGE,
            "the body is larger than allowed",
            id="endless chunks",
        ),
        pytest.param(
            repeating(_CHUNKED + b"1;", b"x" * 65536),
            FaultKind.TOO_LARGE,
            "the server sends more than the bounds allow",
            id="endless chunk extension",
        ),
        pytest.param(
            answering(bomb(64 * 1024 * 1024)),
            FaultKind.TOO_LARGE,
            "the decompressed body is larger than allowed",
            id="gzip bomb",
        ),
        pytest.param(
            answering(bomb(64 * 1024 * 1024, "deflate")),
            FaultKind.TOO_LARGE,
            "the decompressed body is larger than allowed",
            id="deflate bomb",
        ),
        pytest.param(
            answering(answer(200, b"x", [("Content-Encoding", "br")])),
            FaultKind.PROTOCOL,
            "the body has a content coding that nobody asked for",
            id="brotli unasked",
        ),
    ],
)
async def test_what_goes_wrong_is_named(network: Network, script: Script, kind: FaultKind, words: str) -> None:
    """Each way to misbehave ends the exchange at once, with its kind and its words."""
    async with serving(script) as server:
        fault = await Exchange(network, server.url()).fault()
    assert (fault.kind, str(fault)) == (kind, words)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(closing, FaultKind.LOST, id="no answer"),
        pytest.param(answering(OK[:-1]), FaultKind.LOST, id="short body"),
        pytest.param(repeating(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), FaultKind.TOO_LARGE, id="endless body"),
        pytest.param(repeating(_CHUNKED + b"1;", b"x" * 65536), FaultKind.TOO_LARGE, id="endless chunk extension"),
        pytest.param(_greeting, FaultKind.PROTOCOL, id="talks first"),
    ],
)
async def test_the_same_under_tls(
    network: Network, certificate: Certificate, authority: Authority, script: Script, kind: FaultKind
) -> None:
    """TLS changes nothing about the bounds."""
    async with serving(script, certificate.context()) as server:
        fault = await Exchange(network, server.url(), ca_file=authority.ca_file).fault()
    assert fault.kind is kind


async def test_a_body_of_exactly_the_bound_is_read(network: Network) -> None:
    """The bound itself is allowed."""
    async with serving(answering(answer(200, b"x" * 1000))) as server:
        assert len(await Exchange(network, server.url(), max_body=1000).body()) == 1000
        fault = await Exchange(network, server.url(), max_body=999).fault()
    assert fault.kind is FaultKind.TOO_LARGE


async def test_tiny_chunks_fit(network: Network) -> None:
    """Chunks of one byte weigh six times the data, and are allowed where the data is small."""
    chunks = b"1\r\nx\r\n" * 1000
    async with serving(answering(_CHUNKED + chunks + b"0\r\n\r\n")) as server:
        assert await Exchange(network, server.url(), max_body=1000).body() == b"x" * 1000
