"""HTTP/2 servers that misbehave: each fault has its kind and one plain line, and nothing a server sent is repeated."""

import asyncio
import gzip
import resource
from random import Random

import pytest
from hpack.hpack import Encoder

from platforms.errors import FaultKind, TransportFault
from platforms.transport.reach import Network
from tests.servers import http, http2, raw
from tests.servers.http2 import (
    ACK,
    CONTINUATION,
    END_HEADERS,
    GREETING,
    HEADERS,
    OK,
    PADDED,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    answering,
    block,
    data,
    frame,
    goaway,
    head,
    repeating,
    reset,
    saying,
    settings,
    then_resetting,
    window,
)
from tests.servers.raw import Script, serving
from tests.support.exchanges import Exchange
from tests.support.tls import Authority, Certificate

_INVALID = "the answer is not valid HTTP/2: "
_LARGE_HEAD = "the head of the answer is larger than 64 KiB"
_FLOOD = "more than 500 frames that bring nothing of the answer"


def _bomb() -> bytes:
    """Return a head of 8 KiB that unpacks to 16 MiB: one large field, told again and again."""
    first = Encoder().encode([(":status", "200"), ("x", "y" * 2000)])
    return frame(HEADERS, first + b"\xbe" * 8000, END_HEADERS)


_LOST = [
    pytest.param(answering(), "the connection was closed without an answer", id="only a greeting"),
    pytest.param(answering(OK[:5]), "the connection was closed without an answer", id="half a frame's header"),
    pytest.param(answering(OK[:20]), "the connection was closed in the middle of the head", id="half a head"),
    pytest.param(
        answering(head(flags=0)), "the connection was closed in the middle of the head", id="a head without its end"
    ),
    pytest.param(answering(OK[:-1]), "the connection was closed in the middle of the body", id="half a body"),
    pytest.param(
        answering(head(), data(b"all of it")), "the connection was closed in the middle of the body", id="no end"
    ),
    pytest.param(then_resetting(), "the connection was reset before the answer was whole", id="broken at once"),
    pytest.param(
        then_resetting(OK[:-3]), "the connection was reset before the answer was whole", id="broken in the body"
    ),
    pytest.param(
        answering(reset(7)), "the server refused the request before it began with it: REFUSED_STREAM", id="refused"
    ),
    pytest.param(answering(head(), reset(2)), "the server reset the request: INTERNAL_ERROR", id="reset in the body"),
    pytest.param(answering(reset(0)), "the server reset the request: NO_ERROR", id="reset without a reason"),
    pytest.param(answering(reset(11)), "the server says that we ask too much of it: ENHANCE_YOUR_CALM", id="calm"),
    pytest.param(
        answering(reset(4711)), "the server reset the request: a code that nobody knows", id="a code nobody knows"
    ),
    pytest.param(answering(goaway(0)), "the server ended the connection: NO_ERROR", id="leaves at once"),
    pytest.param(
        saying(goaway(0, 2, b"secret")), "the server ended the connection: INTERNAL_ERROR", id="leaves before greeting"
    ),
    pytest.param(
        answering(goaway(1, 0), OK[:-1]), "the server ended the connection: NO_ERROR", id="leaves in the middle"
    ),
]
_PROTOCOL = [
    pytest.param(http.answering(b"SSH-2.0-OpenSSH_9.2\r\n"), "the server does not speak HTTP/2", id="another protocol"),
    pytest.param(
        http.answering(http.OK), "the server does not speak HTTP/2: it answers in HTTP/1", id="HTTP/1.1 answer"
    ),
    pytest.param(saying(OK), "the server does not speak HTTP/2", id="no greeting"),
    pytest.param(saying(settings(flags=ACK)), "the server does not speak HTTP/2", id="acknowledges first"),
    pytest.param(answering(frame(4, b"12345", 0, 0)), _INVALID + "a wrong SETTINGS frame", id="settings cut short"),
    pytest.param(answering(settings((4, 2**31))), _INVALID + "a wrong SETTINGS frame", id="impossible window"),
    pytest.param(answering(settings((5, 1))), _INVALID + "a wrong SETTINGS frame", id="impossible frame size"),
    pytest.param(answering(frame(PING, b"short", 0, 0)), _INVALID + "a wrong PING frame", id="ping cut short"),
    pytest.param(answering(window(0)), _INVALID + "a wrong WINDOW_UPDATE frame", id="window opened by nothing"),
    pytest.param(
        answering(window(2**31 - 1)), _INVALID + "it does not keep to the windows", id="window opened too far"
    ),
    pytest.param(answering(frame(7, b"123", 0, 0)), _INVALID + "a frame is cut short", id="goaway cut short"),
    pytest.param(answering(data(b"x")), _INVALID + "a wrong DATA frame", id="body without a head"),
    pytest.param(
        answering(head(stream=3)), _INVALID + "a frame of a stream that nobody opened", id="answer on another stream"
    ),
    pytest.param(
        answering(frame(PUSH_PROMISE, b"\0\0\0\2", END_HEADERS)),
        _INVALID + "the server pushes, which it was told not to",
        id="push",
    ),
    pytest.param(
        answering(frame(CONTINUATION, b"", END_HEADERS)),
        _INVALID + "its head is not in one piece",
        id="goes on with nothing",
    ),
    pytest.param(
        answering(head(flags=0), data(b"x")), _INVALID + "its head is not in one piece", id="body in the head"
    ),
    pytest.param(
        answering(head(flags=0), frame(PING, bytes(8), 0, 0)),
        _INVALID + "its head is not in one piece",
        id="ping in the head",
    ),
    pytest.param(answering(frame(HEADERS, b"\xff" * 20, END_HEADERS)), _INVALID + "a wrong HEADERS frame", id="HPACK"),
    pytest.param(answering(head(status=None)), _INVALID + "a wrong HEADERS frame", id="no status"),
    pytest.param(answering(head((":status", "200"))), _INVALID + "a wrong HEADERS frame", id="two statuses"),
    pytest.param(answering(head(("X-Upper", "1"))), _INVALID + "a wrong HEADERS frame", id="upper case"),
    pytest.param(answering(head(("connection", "close"))), _INVALID + "a wrong HEADERS frame", id="connection"),
    pytest.param(answering(head(("transfer-encoding", "chunked"))), _INVALID + "a wrong HEADERS frame", id="chunked"),
    pytest.param(answering(head(("x", "a\r\nb"))), _INVALID + "a wrong HEADERS frame", id="line end in a field"),
    pytest.param(
        answering(frame(HEADERS, block([(":status", "2x0")]), END_HEADERS)),
        "the status of the answer is not a number of three digits",
        id="status with a letter",
    ),
    pytest.param(answering(head(status=101)), "the answer has the impossible status 101", id="switching protocols"),
    pytest.param(answering(head(status=99)), "the status of the answer is not a number of three digits", id="99"),
    pytest.param(
        repeating(b"", head(status=100) * 3), "more than 10 interim answers", id="interim answers without end"
    ),
    pytest.param(
        answering(head(status=100, is_last=True)), _INVALID + "a wrong HEADERS frame", id="interim answer and no other"
    ),
    pytest.param(
        answering(head(), head(("x", "y"), status=None)),
        _INVALID + "a wrong HEADERS frame",
        id="trailers too soon",
    ),
    pytest.param(
        answering(head(), head(is_last=True)), _INVALID + "a wrong HEADERS frame", id="a second answer as trailers"
    ),
    pytest.param(
        answering(head(("content-length", "3")), data(b"abcd")),
        "the body is not as long as content-length says",
        id="longer than said",
    ),
    pytest.param(
        answering(head(("content-length", "5")), data(b"abcd", is_last=True)),
        "the body is not as long as content-length says",
        id="shorter than said",
    ),
    pytest.param(
        answering(head(("content-length", "5"), is_last=True)),
        "the body is not as long as content-length says",
        id="no body at all",
    ),
    pytest.param(
        answering(head(("content-length", "5")), data(b"ab"), head(("x", "y"), status=None, is_last=True)),
        "the body is not as long as content-length says",
        id="trailers too early",
    ),
    pytest.param(answering(head(("content-length", "-1"))), _INVALID + "a wrong HEADERS frame", id="negative length"),
    pytest.param(
        answering(head(("content-length", "3"), ("content-length", "4"))),
        _INVALID + "a wrong HEADERS frame",
        id="two lengths",
    ),
    pytest.param(
        answering(head(), frame(0, b"\x09abc", PADDED)), _INVALID + "a wrong DATA frame", id="more padding than frame"
    ),
    pytest.param(
        answering(head(("content-encoding", "br")), data(b"x", is_last=True)),
        "the body has a content coding that nobody asked for",
        id="brotli unasked",
    ),
    pytest.param(
        answering(reset(1)),
        "the server reset the request and says that we are to blame: PROTOCOL_ERROR",
        id="reset for a fault of ours",
    ),
    pytest.param(
        answering(goaway(0, 9)),
        "the server ended the connection and says that we are to blame: COMPRESSION_ERROR",
        id="leaves for a fault of ours",
    ),
    pytest.param(
        answering(reset(13)), "the server wants HTTP/1.1 for this request: HTTP_1_1_REQUIRED", id="wants HTTP/1.1"
    ),
    pytest.param(
        answering(goaway(0, 12)),
        "the server finds the TLS connection too weak for HTTP/2: INADEQUATE_SECURITY",
        id="inadequate security",
    ),
]
_TOO_LARGE = [
    pytest.param(answering(head(("x", "y" * 16_000), flags=0), *[frame(CONTINUATION, b"z" * 16_000)] * 4), _LARGE_HEAD),
    pytest.param(answering(_bomb()), _LARGE_HEAD, id="HPACK bomb"),
    pytest.param(
        answering(head(*((f"x{index}", "y") for index in range(101)))),
        "the answer has more than 100 header fields",
        id="many fields",
    ),
    pytest.param(
        answering(head(), head(*((f"x{index}", "y") for index in range(101)), status=None, is_last=True)),
        "the answer has more than 100 header fields",
        id="many trailers",
    ),
    pytest.param(
        repeating(head(flags=0), frame(CONTINUATION, b"")),
        "the head of the answer comes in more than 32 pieces",
        id="endless empty continuations",
    ),
    pytest.param(
        repeating(head(flags=0), frame(CONTINUATION, b"x")),
        "the head of the answer comes in more than 32 pieces",
        id="endless small continuations",
    ),
    pytest.param(repeating(b"", settings()), _FLOOD, id="settings flood"),
    pytest.param(repeating(b"", settings(flags=ACK)), _FLOOD, id="acknowledgement flood"),
    pytest.param(repeating(b"", frame(PING, bytes(8), 0, 0)), _FLOOD, id="ping flood"),
    pytest.param(repeating(b"", frame(PRIORITY, bytes(5))), _FLOOD, id="priority flood"),
    pytest.param(repeating(b"", window(1)), _FLOOD, id="window flood"),
    pytest.param(repeating(b"", frame(0xB7, b"", 0, 9)), _FLOOD, id="flood of unknown frames"),
    pytest.param(repeating(head(), data()), _FLOOD, id="flood of empty pieces"),
    pytest.param(repeating(head(), data(b"x")), _FLOOD, id="flood of tiny pieces"),
    pytest.param(repeating(b"", goaway(1)), _FLOOD, id="goaway flood"),
    pytest.param(
        repeating(head(), data(padding=255)), "the server sends more than the bounds allow", id="endless padding"
    ),
    pytest.param(answering(b"\xff\xff\xff" + b"\0" * 6), "a frame is larger than 16 KiB", id="giant frame"),
    pytest.param(
        answering(head(("content-length", "1048577"))), "the body is larger than allowed", id="one byte over, announced"
    ),
    pytest.param(repeating(head(), data(b"x" * 16_000)), "the body is larger than allowed", id="endless body"),
    pytest.param(
        answering(
            head(("content-encoding", "gzip")),
            *(data(piece) for piece in [gzip.compress(bytes(8 * 1024 * 1024))[:8192]]),
            data(is_last=True),
        ),
        "the decompressed body is larger than allowed",
        id="gzip bomb",
    ),
]


async def _fault(network: Network, script: Script) -> TransportFault:
    async with serving(script) as server:
        return await Exchange(network, server.url(), is_http2=True, within=20).fault()


@pytest.mark.parametrize(("script", "words"), _LOST)
async def test_breaking_off_is_lost(network: Network, script: Script, words: str) -> None:
    """The connection or the request ended before the answer was whole."""
    fault = await _fault(network, script)
    assert (fault.kind, str(fault)) == (FaultKind.LOST, words)


@pytest.mark.parametrize(("script", "words"), _PROTOCOL)
async def test_what_is_not_valid_is_said_so(network: Network, script: Script, words: str) -> None:
    """Wrong talk ends the exchange at once."""
    fault = await _fault(network, script)
    assert (fault.kind, str(fault)) == (FaultKind.PROTOCOL, words)


@pytest.mark.parametrize(("script", "words"), _TOO_LARGE)
async def test_every_flood_has_its_bound(network: Network, script: Script, words: str) -> None:
    """Whatever a server sends too much of, the exchange ends by itself."""
    fault = await _fault(network, script)
    assert (fault.kind, str(fault)) == (FaultKind.TOO_LARGE, words)


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(http2.closing_after(b""), FaultKind.LOST, id="no greeting"),
        pytest.param(answering(OK[:-1]), FaultKind.LOST, id="half a body"),
        pytest.param(answering(reset(7)), FaultKind.LOST, id="refused"),
        pytest.param(repeating(head(), data(b"x" * 16_000)), FaultKind.TOO_LARGE, id="endless body"),
        pytest.param(repeating(b"", frame(PING, bytes(8), 0, 0)), FaultKind.TOO_LARGE, id="ping flood"),
    ],
)
async def test_the_same_under_tls(
    network: Network, certificate: Certificate, authority: Authority, script: Script, kind: FaultKind
) -> None:
    """TLS changes nothing about the bounds."""
    context = certificate.context()
    context.set_alpn_protocols(["h2"])
    async with serving(script, context) as server:
        exchange = Exchange(network, server.url(), ca_file=authority.ca_file, is_http2=True, within=20)
        fault = await exchange.fault()
    assert fault.kind is kind


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param((), id="silent"),
        pytest.param((GREETING,), id="greets"),
        pytest.param((GREETING, OK[:4]), id="in a frame's header"),
        pytest.param((GREETING, OK[:20]), id="in the head"),
        pytest.param((GREETING, OK[:-1]), id="in the body"),
        pytest.param((GREETING, head(), data(b"all of it")), id="before the end"),
        pytest.param((GREETING, goaway(1)), id="leaving"),
    ],
)
async def test_hanging_lasts_until_the_deadline(network: Network, sent: tuple[bytes, ...]) -> None:
    """Wherever a server stops, nothing but the deadline ends it."""
    async with serving(saying(*sent)) as server:
        with pytest.raises(TimeoutError):
            await Exchange(network, server.url(), is_http2=True, within=0.2).response()


async def test_a_window_that_never_opens_holds_the_request(network: Network) -> None:
    """A server that takes no body is named as what is waited for."""

    async def script(talk: raw.Talk) -> None:
        await http2.asked(talk, whole=False)
        await talk.say(settings((4, 0)))
        await talk.hang()

    async with serving(script) as server:
        exchange = Exchange(network, server.url(), "POST", b"x" * 100_000, is_http2=True, within=0.3)
        with pytest.raises(TimeoutError):
            await exchange.response()
    assert exchange.watch.awaited == "the server to take the body of the request"


async def test_garbage_is_never_read_as_a_fault_of_ours(network: Network) -> None:
    """Whatever follows a greeting, it ends in an answer, a named fault or the deadline: never in a bug."""
    random = Random(7)
    for _ in range(150):
        whole = bytearray(b"".join((GREETING, head(("x", "y"), ("content-length", "300")), data(b"z" * 300))) + OK)
        for _ in range(random.randrange(1, 6)):
            whole[random.randrange(len(GREETING), len(whole))] = random.randrange(256)
        async with serving(http2.closing_after(bytes(whole))) as server:
            exchange = Exchange(network, server.url(), is_http2=True, within=20)
            try:
                await exchange.body()
            except TransportFault as fault:
                assert fault.kind is not FaultKind.OWN, str(fault)  # noqa: PT017 - an answer is as good


async def test_all_floods_at_once_stay_small(network: Network) -> None:
    """Memory is bounded by the bounds, not by what servers send."""
    scripts = [param.values[0] for param in _TOO_LARGE] * 2
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with asyncio.TaskGroup() as group:
        faults = [group.create_task(_fault(network, script)) for script in scripts]  # type: ignore[arg-type]
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert {fault.result().kind for fault in faults} == {FaultKind.TOO_LARGE}
    assert after - before < 100 * 1024  # KiB
