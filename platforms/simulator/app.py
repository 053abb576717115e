"""The platform's HTTP face: sign-in, requests, grants, health and the vendor's status page.

A plain dialect of its own. Bodies and answers are JSON; who is signed in shows `Authorization: Bearer SESSION`. What
is refused answers `{"error": code, "message": …}`. Each route is named for the function an engineer would lose.
"""

import json
from collections.abc import Mapping
from datetime import timedelta

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.routing import Route

from glasswatch.clock import Clock
from platforms.simulator.errors import Invalid, NotFound, NotSignedIn, Refused
from platforms.simulator.faults import FUNCTIONS, HEALTH, STATUS_PAGE
from platforms.simulator.said import said_grant, said_request, stamp
from platforms.simulator.vendor import VendorWord
from platforms.simulator.world import World

_LARGEST_BODY = 64 * 1024
_MOST_SECONDS = 10**9  # beyond it a timedelta overflows sooner or later


async def read_json(request: HttpRequest) -> object:
    """Return the body as JSON. Raises `Invalid` when it is none, or over 64 KiB."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise Invalid("the body is larger than 64 KiB")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("the body is not JSON") from None


def bearer(request: HttpRequest) -> str:
    """Return the token shown in `Authorization: Bearer …`. Raises `NotSignedIn` when there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn("expected Authorization: Bearer …")
    return token


def refusal(request: HttpRequest, error: Exception) -> JSONResponse:
    """Put a refusal into HTTP."""
    del request
    status, code = (error.status, error.code) if isinstance(error, Refused) else (422, "invalid")
    return JSONResponse({"error": code, "message": str(error)}, status_code=status)


class Platform:
    """The endpoints. Each makes one move in the world and says what came of it."""

    def __init__(self, world: World, word: VendorWord, clock: Clock) -> None:
        self._world = world
        self._word = word
        self._clock = clock

    def app(self) -> Starlette:
        """Return the app without any fault."""
        sign_in, request, approve, grant, connect, revoke = FUNCTIONS
        return Starlette(
            routes=[
                Route("/signin", self.sign_in, methods=["POST"], name=sign_in),
                Route("/requests", self.ask, methods=["POST"], name=request),
                Route("/requests", self.requests, methods=["GET"], name=request),
                Route("/requests/{id}", self.request, methods=["GET"], name=request),
                Route("/requests/{id}/approve", self.approve, methods=["POST"], name=approve),
                Route("/requests/{id}/deny", self.deny, methods=["POST"], name=approve),
                Route("/requests/{id}/withdraw", self.withdraw, methods=["POST"], name=revoke),
                Route("/grants/{id}", self.grant, methods=["GET"], name=grant),
                Route("/grants/{id}/use", self.use, methods=["POST"], name=connect),
                Route("/grants/{id}/revoke", self.revoke, methods=["POST"], name=revoke),
                Route("/health", self.health, methods=["GET"], name=HEALTH),
                Route("/health/{function}", self.health, methods=["GET"], name=HEALTH),
                Route("/api/v2/summary.json", self.summary, methods=["GET"], name=STATUS_PAGE),
                Route("/api/v2/status.json", self.status, methods=["GET"], name=STATUS_PAGE),
            ],
            exception_handlers={Refused: refusal},
        )

    async def sign_in(self, request: HttpRequest) -> JSONResponse:
        """`{"name", "secret"}` → 201 `{"session", "ends_at"}`."""
        body = _members(await read_json(request), "name", "secret")
        session = self._world.sign_in(body["name"], body["secret"], self._clock.now())
        return JSONResponse({"session": session.token, "ends_at": stamp(session.ends_at)}, status_code=201)

    async def ask(self, request: HttpRequest) -> JSONResponse:
        """`{"entitlement", "reason", "seconds"}` → 201 with the request."""
        data = await read_json(request)
        body = _members(data, "entitlement", "reason")
        seconds = data.get("seconds") if isinstance(data, Mapping) else None
        if isinstance(seconds, bool) or not isinstance(seconds, int) or abs(seconds) > _MOST_SECONDS:
            raise Invalid("seconds: expected a whole number")
        wanted = (body["entitlement"], body["reason"], timedelta(seconds=seconds))
        return JSONResponse(said_request(self._world.ask(bearer(request), wanted, self._clock.now())), status_code=201)

    async def request(self, request: HttpRequest) -> JSONResponse:
        """→ 200 with the request as it is now."""
        found = self._world.request(bearer(request), request.path_params["id"], self._clock.now())
        return JSONResponse(said_request(found))

    async def requests(self, request: HttpRequest) -> JSONResponse:
        """→ 200 `{"requests"}`: one's own whose reason is `?reason=`, oldest first."""
        reason = request.query_params.get("reason", "")
        found = self._world.requests_with(bearer(request), reason, self._clock.now())
        return JSONResponse({"requests": [said_request(each) for each in found]})

    async def withdraw(self, request: HttpRequest) -> JSONResponse:
        """→ 200 with the request, withdrawn or its grant revoked."""
        found = self._world.withdraw(bearer(request), request.path_params["id"], self._clock.now())
        return JSONResponse(said_request(found))

    async def approve(self, request: HttpRequest) -> JSONResponse:
        """→ 200 with the approved request."""
        return self._decide(request, is_yes=True)

    async def deny(self, request: HttpRequest) -> JSONResponse:
        """→ 200 with the denied request."""
        return self._decide(request, is_yes=False)

    def _decide(self, request: HttpRequest, *, is_yes: bool) -> JSONResponse:
        wanted = request.path_params["id"]
        return JSONResponse(said_request(self._world.decide(bearer(request), wanted, self._clock.now(), is_yes=is_yes)))

    async def grant(self, request: HttpRequest) -> JSONResponse:
        """→ 200 with the grant as it is now."""
        now = self._clock.now()
        return JSONResponse(said_grant(self._world.grant(bearer(request), request.path_params["id"], now), now))

    async def use(self, request: HttpRequest) -> JSONResponse:
        """→ 200 `{"use", "grant", "at"}`, under a live grant only."""
        use = self._world.use(bearer(request), request.path_params["id"], self._clock.now())
        return JSONResponse({"use": use.id, "grant": use.grant, "at": stamp(use.at)})

    async def revoke(self, request: HttpRequest) -> JSONResponse:
        """→ 200 with the revoked grant."""
        now = self._clock.now()
        return JSONResponse(said_grant(self._world.revoke(bearer(request), request.path_params["id"], now), now))

    async def health(self, request: HttpRequest) -> JSONResponse:
        """→ 200 `{"status": "ok"}`, overall or of one function."""
        if request.path_params.get("function", FUNCTIONS[0]) not in FUNCTIONS:
            raise NotFound("there is no such function")
        return JSONResponse({"status": "ok"})

    async def summary(self, request: HttpRequest) -> JSONResponse:
        """→ 200 with the vendor's word, in full."""
        return JSONResponse(self._word.summary(_origin(request), self._clock.now()))

    async def status(self, request: HttpRequest) -> JSONResponse:
        """→ 200 with the vendor's word, in short."""
        return JSONResponse(self._word.status(_origin(request), self._clock.now()))


def _members(data: object, *names: str) -> dict[str, str]:
    if not isinstance(data, Mapping):
        raise Invalid(f"expected an object with {', '.join(names)}")
    for name in names:
        if not isinstance(data.get(name), str):
            raise Invalid(f"{name}: expected text")
    return {name: data[name] for name in names}


def _origin(request: HttpRequest) -> str:
    return str(request.base_url).rstrip("/")
