import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from monitor.web.deadlines import Bounds, DeadlineProtocol, bounded
from tests.support.waiting import until

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
BOUNDS = Bounds(write_seconds=0.05)


class _FakeTransport(asyncio.Transport):
    """A connection whose other end takes as much as a test says: `unread` bytes wait."""

    def __init__(self) -> None:
        super().__init__()
        self.unread = 0
        self.written = b""
        self.is_aborted = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name in {"peername", "sockname"} else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.is_aborted

    def abort(self) -> None:
        self.is_aborted = True

    def close(self) -> None:
        self.is_aborted = True


async def _app(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def _answered() -> tuple[DeadlineProtocol, _FakeTransport]:
    """Return a connection on which one request was answered."""
    config = Config(_app, lifespan="off", ws="none", log_config=None, interface="asgi3")
    config.load()
    protocol, transport = bounded(BOUNDS)(config, ServerState(), {}), _FakeTransport()
    protocol.connection_made(transport)
    protocol.data_received(REQUEST)
    await until(lambda: transport.written.endswith(b"ok"))
    return protocol, transport


@pytest.mark.parametrize("unread", [0, 10_000])
async def test_the_rest_of_an_answer_has_to_be_taken(unread: int) -> None:
    """A client that read enough to let us write, and then no more, is cut off; one that took everything is not."""
    protocol, transport = await _answered()
    protocol.pause_writing()
    transport.unread = unread
    protocol.resume_writing()
    await asyncio.gather(until(lambda: transport.is_aborted, within=0.5), return_exceptions=True)
    assert transport.is_aborted == (unread > 0)
    protocol.connection_lost(ConnectionResetError())


async def test_a_lost_connection_has_no_deadline_left() -> None:
    """Nothing fires for a connection that is gone."""
    protocol, transport = await _answered()
    protocol.pause_writing()
    protocol.connection_lost(ConnectionResetError())
    assert protocol._arrival is None
    assert protocol._reading is None
    assert not transport.is_aborted
