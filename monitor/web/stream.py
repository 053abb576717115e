"""Carries a listener's queue over HTTP as server-sent events.

1. A comment every 15 s shows both ends that the line is alive.
2. The stream ends when the client goes, when it was dropped for reading too slowly, or when the monitor stops. It is
   cut off by the connection's own write deadline if the client stops reading altogether (`deadlines.py`).
3. It ends with the token that let it in, within seconds; nothing is told after that.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Scope, Send

from monitor.web.events import Hub, Listener
from monitor.wire.endpoints import EVENT_STREAM

HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 2.0  # how soon a quiet stream notices that its token has ended
_BEAT = b": still here\n\n"
_HELLO = b"retry: 3000\n\n"  # a client that lost us tries again after 3 s


class EventStream:
    """The answer to `/api/v1/events`: an ASGI application for one request."""

    def __init__(
        self,
        hub: Hub,
        listener: Listener | None,
        is_still_let_in: Callable[[], bool] = lambda: True,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._hub = hub
        self._listener = listener
        self._is_still_let_in = is_still_let_in
        self._heartbeat_seconds = heartbeat_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send until the client goes or the stream ends. Without a listener (HEAD) only the headers."""
        headers = [(b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()), (b"x-accel-buffering", b"no")]
        if self._listener is None:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._carry(self._listener, send, gone)
        finally:
            self._hub.leave(self._listener)
            gone.cancel()

    async def _carry(self, listener: Listener, send: Send, gone: asyncio.Future[None]) -> None:
        frame: bytes | None = _HELLO
        while frame is not None and not listener.dropped and not gone.done() and self._is_still_let_in():
            await send({"type": "http.response.body", "body": frame, "more_body": True})
            frame = await self._next(listener, gone)
        await send({"type": "http.response.body", "body": b""})

    async def _next(self, listener: Listener, gone: asyncio.Future[None]) -> bytes | None:
        """Return the next frame, a heartbeat when there is none for a while, None at the end."""
        waiting = asyncio.ensure_future(listener.queue.get())
        either: set[asyncio.Future[Any]] = {waiting, gone}
        left = self._heartbeat_seconds
        try:
            while left > 0 and self._is_still_let_in():
                await asyncio.wait(either, timeout=min(left, LOOK_SECONDS), return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return None
                if waiting.done():
                    return waiting.result()
                left -= LOOK_SECONDS
            return _BEAT
        finally:
            waiting.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
