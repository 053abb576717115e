"""uvicorn's HTTP protocol with the deadlines and bounds that it lacks. All of them hold on each connection by itself.

1. A request must arrive whole within `request_seconds`, counted from the connection or from its first byte: a client
   that sends a byte now and then (slowloris) is answered 408 and cut off.
2. Its head is at most `head_bytes` long; httptools itself would collect for ever.
3. What we write must be read: a client that takes nothing for `write_seconds` is cut off, in the middle of an answer
   or after it.
4. It says since when it waits for a request, so that one that waits longest can give way to another (`door.py`).

Refusals here are made before there is a request, so they are written as bytes, in the same JSON shape as all others.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import cache
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from monitor.web import refused
from monitor.wire.refusals import REFUSALS


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of us a client may take. `stop_seconds` bounds how long stopping takes.

    `connections` are all at once, `connections_of_one` those of one address, `connections_kept` those beyond them that
    are this machine's alone.
    """

    request_seconds: float = 10.0
    idle_seconds: int = 15
    write_seconds: float = 10.0
    head_bytes: int = 32 * 1024
    connections: int = 128
    connections_of_one: int = 32
    connections_kept: int = 16
    stop_seconds: float = 1.5


class DeadlineProtocol(HttpToolsProtocol):
    """One connection. `bounds` is set by a subclass made for one server (`bounded`).

    `when_lost` is called once the connection is gone. `has_begun`: something of the request that it waits for has come.
    """

    bounds = Bounds()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._arrival: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._head_size = 0
        self._is_in_head = True
        self._waits_since = 0.0
        self.has_begun = False
        self.when_lost: Callable[[], None] = lambda: None

    @property
    def waits_since(self) -> float | None:
        """Since when it waits for a request that has not come whole; None while an answer is under way."""
        is_taken = self.transport.get_write_buffer_size() == 0
        return self._waits_since if is_taken and (self._is_answered() or self._is_waiting_for_body()) else None

    def cut(self) -> None:
        """End the connection now, without a word."""
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the first request's deadline."""
        super().connection_made(transport)  # type: ignore[arg-type]  # uvicorn narrows it to what it is
        self._waits_since = self.loop.time()
        self._expect_arrival()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the deadlines."""
        self.when_lost()
        self._cancel_arrival()
        self._cancel_reading()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bound the head. What comes before a request (line breaks) has a deadline as well."""
        if self.transport.is_closing():
            return
        self.has_begun = True
        self._expect_arrival()
        super().data_received(data)
        if self._is_in_head:
            self._head_size += len(data)
            if self._head_size > self.bounds.head_bytes:
                self._refuse("too_large", f"the head of a request may have {self.bounds.head_bytes} bytes")

    def on_message_begin(self) -> None:
        """Start the deadline of a request, which may have come with the end of the one before."""
        self._head_size = 0
        self._expect_arrival()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End the bound on the head. The answer is dated now: no clock ticks for it while nobody asks."""
        self._is_in_head = False
        self.server_state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request's deadline: it has arrived."""
        self._cancel_arrival()
        self._is_in_head = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Give the client its time to take the rest of the answer."""
        self._waits_since = self.loop.time()
        self.has_begun = self._arrival is not None
        super().on_response_complete()
        self._expect_reading(self._cut_if_unread)

    def pause_writing(self) -> None:
        """Give the client its time to take what is waiting."""
        super().pause_writing()
        self._expect_reading(self.cut)

    def resume_writing(self) -> None:
        """See that the client reads; what is left after the answer's end still has to be taken."""
        super().resume_writing()
        self._expect_reading(self._cut_if_unread)

    def send_400_response(self, _: str) -> None:
        """Answer what is not HTTP."""
        self._refuse("bad_request", "what was sent is not HTTP that we can read")

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: what a client asks for in vain is no news of ours."""

    def _too_slow(self) -> None:
        self._arrival = None
        self._refuse("too_slow", f"a request must arrive within {self.bounds.request_seconds:g} s")

    def _refuse(self, code: str, message: str) -> None:
        """Say no and close. An answer already under way is cut off instead: nothing may stand inside it."""
        self._cancel_arrival()
        if self.transport.is_closing():
            return
        if not (self._is_answered() or self._is_waiting_for_body()):
            self.cut()
            return
        self.transport.write(refusal(code, message))
        self.transport.close()
        self._expect_reading(self.cut)

    def _expect_arrival(self) -> None:
        """Start a request's deadline, unless it runs."""
        if self._arrival is None and self._is_in_head:
            self._arrival = self.loop.call_later(self.bounds.request_seconds, self._too_slow)

    def _expect_reading(self, otherwise: Any) -> None:  # noqa: ANN401 - a callback
        self._cancel_reading()
        self._reading = self.loop.call_later(self.bounds.write_seconds, otherwise)

    def _cut_if_unread(self) -> None:
        if self._is_answered() and self.transport.get_write_buffer_size() > 0:
            self.cut()

    def _is_answered(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever uvicorn's types say
        return cycle is None or cycle.response_complete

    def _is_waiting_for_body(self) -> bool:
        """Whether the request under way has not arrived whole, so that no answer to another can be due before ours."""
        cycle: Any = self.cycle
        return cycle is not None and cycle.more_body and not cycle.response_started

    def _cancel_arrival(self) -> None:
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None

    def _cancel_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None


def bounded(bounds: Bounds) -> type[DeadlineProtocol]:
    """Return the protocol with these bounds, as uvicorn wants it: a class."""
    return type("BoundedProtocol", (DeadlineProtocol,), {"bounds": bounds})


def refusal(code: str, message: str) -> bytes:
    """Return a refusal as it goes over the wire, the last on its connection."""
    body = refused.body(code, message)
    return _head(code) + b"content-length: %d\r\n\r\n" % len(body) + body


@cache
def _head(code: str) -> bytes:
    status = REFUSALS[code].status
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "content-type: application/json",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "connection: close",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()
