"""How much memory a server can make us hold, and how long it can keep us."""

import contextlib
import select
import socket
import tracemalloc
from collections.abc import Iterator

import pytest

from platforms.errors import FaultKind
from platforms.transport.reach import Network
from platforms.transport.stopwatch import Phase
from tests.servers import http2
from tests.servers.http import OK, answering, bomb, dribbling, repeating, silent, then_hanging
from tests.servers.raw import Script, Talk, serving
from tests.support.exchanges import MEBIBYTE, Exchange
from tests.support.tls import Authority, Certificate

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@contextlib.contextmanager
def _swallowing() -> Iterator[int]:
    """A port that no longer answers to connection attempts: its queue is full and nobody accepts."""
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(64):
            client = sockets.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            if not select.select([], [client], [], 0.1)[1]:
                yield listener.getsockname()[1]
                return
        pytest.skip("this kernel's queue of connections can't be filled")


@pytest.mark.parametrize(
    ("script", "is_http2"),
    [
        pytest.param(answering(bomb(256 * MEBIBYTE)), False, id="gzip bomb"),
        pytest.param(repeating(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536), False, id="endless body"),
        pytest.param(repeating(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536), False, id="endless field"),
        pytest.param(repeating(_CHUNKED, b"2\r\nab\r\n" * 8192), False, id="endless chunks of two bytes"),
        pytest.param(http2.repeating(http2.head(), http2.data(b"ab") * 8192), True, id="endless frames of two bytes"),
    ],
)
async def test_memory_is_bounded(network: Network, script: Script, *, is_http2: bool) -> None:
    """However much a server sends or compresses, and however finely, little more than the body's bound is ever held."""
    async with serving(script) as server:
        exchange = Exchange(network, server.url(), is_http2=is_http2)
        await exchange.fault()  # whatever is imported or cached at the first time
        tracemalloc.start()
        try:
            fault = await exchange.fault()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert fault.kind is FaultKind.TOO_LARGE
    # The server is in the same process: its own buffers count too.
    assert peak < 6 * MEBIBYTE


async def test_a_server_that_talks_before_it_is_asked_is_held_back(network: Network) -> None:
    """What nobody listens to yet stays in the socket."""

    async def flooding(talk: Talk) -> None:
        while True:
            await talk.say(b"x" * 65536)

    async with serving(flooding) as server:
        fault = await Exchange(network, server.url()).fault()
    assert fault.kind is FaultKind.PROTOCOL


@pytest.mark.parametrize(
    ("script", "phase"),
    [
        pytest.param(silent, Phase.PROCESSING, id="no answer"),
        pytest.param(then_hanging(b"HTTP/1.1 100 Continue\r\n\r\n"), Phase.PROCESSING, id="after an interim answer"),
        pytest.param(then_hanging(OK[:9]), Phase.TRANSFER, id="in the first line"),
        pytest.param(then_hanging(OK[:40]), Phase.TRANSFER, id="in the head"),
        pytest.param(then_hanging(OK[:-1]), Phase.TRANSFER, id="in the body"),
        pytest.param(then_hanging(b"HTTP/1.1 200 OK\r\n\r\nx"), Phase.TRANSFER, id="instead of closing"),
        pytest.param(dribbling(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000), Phase.TRANSFER, id="dribbling head"),
        pytest.param(dribbling(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000), Phase.TRANSFER, id="dribbling body"),
    ],
)
async def test_the_deadline_holds_at_each_point(network: Network, script: Script, phase: Phase) -> None:
    """Wherever a server hangs or dribbles, the caller's deadline ends it, and the watch says where it was."""
    async with serving(script) as server:
        exchange = Exchange(network, server.url())
        with pytest.raises(TimeoutError):
            await exchange.runs_out_in(phase)
    assert exchange.watch.running is phase


async def test_the_deadline_holds_in_the_tls_handshake(network: Network, authority: Authority) -> None:
    """A server that accepts and says nothing can't keep us in the handshake."""
    async with serving(silent) as server:
        url = server.url().replace("http:", "https:")
        exchange = Exchange(network, url, ca_file=authority.ca_file)
        with pytest.raises(TimeoutError):
            await exchange.runs_out_in(Phase.TLS)
    assert exchange.watch.running is Phase.TLS


async def test_the_deadline_holds_while_connecting(network: Network) -> None:
    """A host that swallows packets can't keep us connecting."""
    with _swallowing() as port:
        exchange = Exchange(network, f"http://127.0.0.1:{port}/")
        with pytest.raises(TimeoutError):
            await exchange.runs_out_in(Phase.CONNECT)
    assert exchange.watch.running is Phase.CONNECT


async def test_the_deadline_holds_under_tls(network: Network, certificate: Certificate, authority: Authority) -> None:
    """A server that hangs in the body can't keep us under TLS either."""
    async with serving(then_hanging(OK[:-1]), certificate.context()) as server:
        exchange = Exchange(network, server.url(), ca_file=authority.ca_file)
        with pytest.raises(TimeoutError):
            await exchange.runs_out_in(Phase.TRANSFER)
    assert exchange.watch.running is Phase.TRANSFER
