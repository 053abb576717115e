"""Shows the faults that are set, on the wire, and records what the platform was asked.

It stands around the whole app: one look at the board a call, then the honest answer or the fault, then one record.
The function a call belongs to is the name of its route; a call without a route belongs to none, and only what is set
on `all` reaches it.
"""

import asyncio
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match

from glasswatch.clock import Clock
from platforms.simulator.faults import Fault, FaultBoard, FaultKind
from platforms.simulator.listener import Receive, Scope, Send, wire_of
from platforms.simulator.model import Recorded
from platforms.simulator.world import World

NO_FUNCTION = "none"

_NONSENSE = "<html><body><h1>It works!</h1></body></html>"


class Interference:
    """An ASGI app around another one."""

    def __init__(self, app: Starlette, board: FaultBoard, world: World, clock: Clock) -> None:
        self._app = app
        self._board = board
        self._world = world
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, honestly or not."""
        function, is_health = self._function(scope)
        fault = self._board.due(function, is_health=is_health)
        seen = _Seen(send)
        at = self._clock.now()
        try:
            await self._answer(fault, scope, receive, seen)
        finally:
            self._world.recorded.append(
                Recorded(
                    at=at,
                    function=function,
                    method=scope["method"],
                    path=scope["path"],
                    status=seen.status,
                    fault=None if fault is None else fault.kind.value,
                    by=self._who(scope),
                )
            )

    async def _answer(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        wire = wire_of(scope)
        match fault.kind if fault is not None else None:
            case FaultKind.HANG:
                await wire.gone.wait()
            case FaultKind.MUTE:
                await self._app(scope, receive, _unheard)
                await wire.gone.wait()
            case FaultKind.REFUSE | FaultKind.STOP:
                wire.reset()
                await wire.gone.wait()
            case FaultKind.SLOW if fault is not None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(wire.gone.wait(), fault.seconds)
                await self._app(scope, receive, send)
            case None:
                await self._app(scope, receive, send)
            case _ if fault is not None:
                await _shown(fault)(scope, receive, send)

    def _function(self, scope: Scope) -> tuple[str, bool]:
        for route in self._app.routes:
            match, _ = route.matches(scope)
            if match is Match.FULL:
                name = getattr(route, "name", NO_FUNCTION)
                is_health = scope["path"].startswith("/health")
                return (scope["path"].rpartition("/")[2] if is_health else name), is_health
        return NO_FUNCTION, False

    def _who(self, scope: Scope) -> str | None:
        for name, value in scope["headers"]:
            if name == b"authorization":
                session = self._world.sessions.get(value.decode("latin-1").removeprefix("Bearer "))
                return None if session is None else session.identity
        return None


async def _unheard(message: MutableMapping[str, Any]) -> None:
    del message


class _Seen:
    """Notes the status that was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def _shown(fault: Fault) -> Response:
    match fault.kind:
        case FaultKind.WRONG:
            return Response(_NONSENSE, media_type="text/html")
        case FaultKind.RATE_LIMITED:
            retry = {"retry-after": f"{max(1, round(fault.seconds))}"}
            return PlainTextResponse("too many requests\n", status_code=429, headers=retry)
        case FaultKind.DENIED:
            return JSONResponse({"error": "denied", "message": "simulated"}, status_code=fault.status)
        case _:
            return JSONResponse({"error": "failed", "message": "simulated"}, status_code=fault.status)
