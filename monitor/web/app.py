"""The web face as one ASGI application, built from the table of endpoints.

1. Every endpoint has a handler and every handler an endpoint, or it does not start. An endpoint that writes needs a
   scope, and every scope is one that a token can hold, or it does not start either.
2. A request is admitted (`admission.py`), then its query and body are read, then it is handled: who may not ask is
   told nothing, and sends no body.
3. Every refused write that gets here, its head whole, is audited (what `deadlines.py` and `door.py` turn away is no
   request yet): by whom, from where, at which endpoint, with which code. Never what was sent. Those
   that are throttled are summed up, and so are those of anybody without a valid token (`tally.py`). What was done is
   audited by whoever does it, in the transaction of its effect; a write that ended in a fault of ours is audited as
   failed, because nobody knows what became of it.
4. A `GET` answers `HEAD` as well. A path with other methods says which.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.model.caller import HEARTBEAT, SCOPES, Caller
from monitor.model.record import AuditEntry
from monitor.web import asking, bodies, refused
from monitor.web.admission import Admission
from monitor.web.asked import Asked, Handler
from monitor.web.guards import FaultCatcher, HostCheck, InPieces, SecurityHeaders
from monitor.web.handlers import Handlers
from monitor.web.page import policy
from monitor.web.refused import Refused
from monitor.web.site import Site
from monitor.web.sources import Sources
from monitor.web.tally import Tally
from monitor.wire.endpoints import ENDPOINTS, Endpoint

NOBODY: Final = "nobody"
"""Who is said in the audit to have asked, where no valid token was presented."""


def create_app(site: Site, handlers: Handlers, desk: "Desk") -> ASGIApp:
    """Return the application, guarded."""
    served = routes(ENDPOINTS, handlers.by_name(), desk)
    router = Router(served, redirect_slashes=False, default=_not_found)
    guarded = InPieces(FaultCatcher(HostCheck(router, site.hosts, desk.wrong_host)))
    return SecurityHeaders(guarded, f"{policy()}; frame-ancestors 'none'")


class Desk:
    """What every request passes, whatever its path: admission on the way in, the audit of refusals on the way out."""

    def __init__(self, site: Site, sources: Sources) -> None:
        self.admission = Admission(site, sources.clock)
        self._site = site
        self._note = sources.note
        self._count = sources.refused
        self._clock = sources.clock
        self._tally = Tally(sources.note, sources.clock)

    def close(self) -> None:
        """Have noted what was only counted so far. Repeated calls do nothing."""
        self._tally.close()

    def wrong_host(self, request: Request) -> None:
        """Take note of a request under another's name; if it may have been a write, summed up, for anybody can."""
        self._count("wrong_host")
        if request.method not in ("GET", "HEAD"):
            self._tally.add(NOBODY, "wrong_host", self.admission.client(request))

    def refused(self, endpoint: Endpoint, request: Request, caller: Caller | None, no: Refused) -> None:
        """Count a refusal, and have it audited if it is a write's."""
        self._turned_away("write_refused", endpoint, request, caller, no.code)

    def failed(self, endpoint: Endpoint, request: Request, caller: Caller | None) -> None:
        """Count a fault of ours, and have it audited if it is a write's."""
        self._turned_away("write_failed", endpoint, request, caller, "own_fault")

    def _turned_away(self, kind: str, endpoint: Endpoint, request: Request, caller: Caller | None, code: str) -> None:
        self._count(code)
        if not endpoint.writes:
            return
        actor = caller.name if caller else NOBODY
        client = self.admission.client(request)
        if code == "throttled":
            self._tally.add(actor, code, client)
            return
        if caller is None and not self._tally.is_first(actor, code, client):
            return
        body = {
            "endpoint": endpoint.name,
            "code": code,
            "client": client,
            "token": caller.token if caller else None,
        }
        named = request.path_params.get("platform") or getattr(request.state, "platform", None)
        platform = named if named in self._site.platforms else None
        self._note(AuditEntry(kind, actor, body, self._clock.now()), platform)


def routes(endpoints: Iterable[Endpoint], handlers: Mapping[str, Handler], desk: Desk) -> list[Route]:
    """Return one route for each path of the table.

    Raises:
        ValueError: table and handlers don't match, or an endpoint would go unguarded.
    """
    table = tuple(endpoints)
    names = {endpoint.name for endpoint in table}
    if names != set(handlers) or len(names) != len(table):
        raise ValueError(f"endpoints and handlers don't match: {sorted(names ^ set(handlers))}")
    unguarded = sorted(endpoint.name for endpoint in table if not _is_guarded(endpoint))
    if unguarded:
        raise ValueError(f"endpoints whose scope no token can hold, or that write without one: {unguarded}")
    paths: dict[str, dict[str, Endpoint]] = {}
    for endpoint in table:
        paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [Route(path, _Path(by_method, handlers, desk)) for path, by_method in paths.items()]


def _is_guarded(endpoint: Endpoint) -> bool:
    if endpoint.scope is None:
        return not endpoint.writes
    return endpoint.scope in SCOPES or endpoint.scope.startswith(HEARTBEAT)


class _Path:
    """All methods of one path, as an ASGI application."""

    def __init__(self, by_method: Mapping[str, Endpoint], handlers: Mapping[str, Handler], desk: Desk) -> None:
        self._by_method = dict(by_method)
        if "GET" in by_method:
            self._by_method["HEAD"] = by_method["GET"]
        self._handlers = handlers
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        endpoint = self._by_method.get(request.method)
        if endpoint is None:
            allowed = ", ".join(sorted(self._by_method))
            answer: ASGIApp = refused.answer("method_not_allowed", f"this path takes {allowed}", {"allow": allowed})
        else:
            answer = await self._answer(endpoint, request)
        await answer(scope, receive, send)

    async def _answer(self, endpoint: Endpoint, request: Request) -> ASGIApp:
        caller: Caller | None = None
        try:
            caller = self._desk.admission.who(endpoint, request)
            return await self._handlers[endpoint.name](await self._asked(endpoint, request, caller))
        except Refused as no:
            self._desk.refused(endpoint, request, caller, no)
            return no.answer()
        except Exception:
            self._desk.failed(endpoint, request, caller)
            raise  # the guard answers for it

    async def _asked(self, endpoint: Endpoint, request: Request, caller: Caller | None) -> Asked:
        admission = self._desk.admission
        admission.count_write(endpoint, caller)
        admission.check(endpoint, request, caller)
        query = None if endpoint.query is None else asking.query(endpoint.query, request.query_params)
        body = await bodies.read(endpoint.body, request, may_lack=endpoint.body_may_lack) if endpoint.writes else None
        admission.check_body(endpoint, request, caller, body)
        return Asked(request, query, body, caller, partial(admission.still_lets_in, endpoint, request))


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    message = "nothing lives at this path; /api/v1/openapi.json lists what does"
    await refused.answer("not_found", message)(scope, receive, send)
