"""The web face as one ASGI application, built from the table of endpoints.

1. Every endpoint has a handler and every handler an endpoint, or it does not start.
2. It listens on loopback only, where reading is open (design 3.5). An endpoint that needs any other scope would go
   unguarded, so with one of those in the table it does not start either.
3. A `GET` answers `HEAD` as well. A path with other methods says which.
"""

from collections.abc import Iterable, Mapping

from starlette.requests import Request
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.web import asking, refused
from monitor.web.guards import FaultCatcher, HostCheck, SecurityHeaders
from monitor.web.handlers import Handler, Handlers
from monitor.web.page import policy
from monitor.web.refused import Refused
from monitor.web.site import Site
from monitor.wire.endpoints import ENDPOINTS, Endpoint

_OPEN_ON_LOOPBACK = {None, "read"}


def create_app(site: Site, handlers: Handlers) -> ASGIApp:
    """Return the application, guarded."""
    router = Router(routes(ENDPOINTS, handlers.by_name()), redirect_slashes=False, default=_not_found)
    guarded = FaultCatcher(HostCheck(router, (site.listen_host,)))
    return SecurityHeaders(guarded, f"{policy()}; frame-ancestors 'none'")


def routes(endpoints: Iterable[Endpoint], handlers: Mapping[str, Handler]) -> list[Route]:
    """Return one route for each path of the table.

    Raises:
        ValueError: table and handlers don't match, or an endpoint needs a scope that nobody would check.
    """
    table = tuple(endpoints)
    names = {endpoint.name for endpoint in table}
    if names != set(handlers) or len(names) != len(table):
        raise ValueError(f"endpoints and handlers don't match: {sorted(names ^ set(handlers))}")
    guarded = sorted(endpoint.name for endpoint in table if endpoint.scope not in _OPEN_ON_LOOPBACK)
    if guarded:
        raise ValueError(f"endpoints that need a token, which nothing checks yet: {guarded}")
    paths: dict[str, dict[str, Endpoint]] = {}
    for endpoint in table:
        paths.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    return [Route(path, _Path(by_method, handlers)) for path, by_method in paths.items()]


class _Path:
    """All methods of one path, as an ASGI application."""

    def __init__(self, by_method: Mapping[str, Endpoint], handlers: Mapping[str, Handler]) -> None:
        self._by_method = dict(by_method)
        if "GET" in by_method:
            self._by_method["HEAD"] = by_method["GET"]
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(Request(scope, receive))
        except Refused as no:
            answer = refused.answer(no.code, no.message, no.headers)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        endpoint = self._by_method.get(request.method)
        if endpoint is None:
            allowed = ", ".join(sorted(self._by_method))
            raise Refused("method_not_allowed", f"this path takes {allowed}", {"allow": allowed})
        query = None if endpoint.query is None else asking.query(endpoint.query, request.query_params)
        return await self._handlers[endpoint.name](request, query)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    message = "nothing lives at this path; /api/v1/openapi.json lists what does"
    await refused.answer("not_found", message)(scope, receive, send)
