"""How the simulated platform is broken and mended: an HTTP face of its own, on a port of its own.

On its own port so that no fault, not even `stop`, can shut out who set it. Everything needs the admin token of this
process. `/admin/world` shows all that the platform holds and was asked, as JSON or, with `?as=text`, for a person.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from glasswatch.clock import Clock
from platforms.simulator.app import bearer, read_json, refusal
from platforms.simulator.dump import as_data, as_text
from platforms.simulator.errors import FaultInvalid, ListenerUnavailable, NotAllowed, NotFound, Refused
from platforms.simulator.faults import TARGETS, Fault, FaultBoard, parse
from platforms.simulator.vendor import VendorWord
from platforms.simulator.world import World


@dataclass(frozen=True, slots=True)
class Levers:
    """What the admin face may move. `settle` makes the listening socket follow the board."""

    world: World
    board: FaultBoard
    word: VendorWord
    settle: Callable[[], Awaitable[None]]


class Admin:
    """The endpoints. Each answers with all faults as they are afterwards."""

    def __init__(self, levers: Levers, token: str, clock: Clock) -> None:
        self._levers = levers
        self._token = token
        self._clock = clock

    def app(self) -> Starlette:
        """Return the app."""
        return Starlette(
            routes=[
                Route("/admin/faults", self.faults, methods=["GET", "PUT", "DELETE"]),
                Route("/admin/faults/{target}", self.fault, methods=["PUT", "DELETE"]),
                Route("/admin/word", self.word, methods=["GET", "PUT", "DELETE"]),
                Route("/admin/world", self.world, methods=["GET"]),
                Route("/admin/recover", self.recover, methods=["POST"]),
            ],
            exception_handlers={Refused: refusal, FaultInvalid: refusal, ListenerUnavailable: _unavailable},
        )

    async def faults(self, request: HttpRequest) -> Response:
        """GET; PUT `{target: fault}` in place of all that is set; DELETE all."""
        self._admit(request)
        if request.method == "PUT":
            wanted = _parse_all(await read_json(request))
            self._levers.board.clear()
            for target, fault in wanted.items():
                self._levers.board.show(target, fault)
        elif request.method == "DELETE":
            self._levers.board.clear()
        return await self._settled()

    async def fault(self, request: HttpRequest) -> Response:
        """PUT one target's fault, or DELETE it."""
        self._admit(request)
        target = request.path_params["target"]
        if target not in TARGETS:
            raise NotFound(f"no such function: expected one of {', '.join(TARGETS)}")
        if request.method == "PUT":
            self._levers.board.show(target, parse(target, await read_json(request)))
        else:
            self._levers.board.clear(target)
        return await self._settled()

    async def word(self, request: HttpRequest) -> Response:
        """GET the vendor's word; PUT another; DELETE: all well again."""
        self._admit(request)
        if request.method == "PUT":
            self._levers.word.say(await read_json(request))
        elif request.method == "DELETE":
            self._levers.word.retract()
        return JSONResponse(self._levers.word.as_data())

    async def world(self, request: HttpRequest) -> Response:
        """GET everything held and recorded."""
        self._admit(request)
        now = self._clock.now()
        self._levers.world.settle(now)
        if request.query_params.get("as") == "text":
            return PlainTextResponse(as_text(self._levers.world, self._levers.board, now))
        return JSONResponse(as_data(self._levers.world, self._levers.board, now))

    async def recover(self, request: HttpRequest) -> Response:
        """POST: no fault any more, the vendor says all is well, and the platform listens."""
        self._admit(request)
        self._levers.board.clear()
        self._levers.word.retract()
        return await self._settled()

    def _admit(self, request: HttpRequest) -> None:
        if not secrets.compare_digest(bearer(request).encode(), self._token.encode()):
            raise NotAllowed("this is not the admin token of this process")

    async def _settled(self) -> JSONResponse:
        await self._levers.settle()
        return JSONResponse(self._levers.board.as_data())


def _parse_all(data: object) -> dict[str, Fault]:
    if not isinstance(data, Mapping):
        raise FaultInvalid("expected an object from function to fault")
    return {target: parse(target, fault) for target, fault in data.items()}


def _unavailable(request: HttpRequest, error: Exception) -> JSONResponse:
    del request
    return JSONResponse({"error": "unavailable", "message": str(error)}, status_code=503)
