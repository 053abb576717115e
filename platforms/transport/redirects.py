"""Follows redirects the way a probe may.

Rules:
- At most `limit`; one more is a fault. With a limit of 0 nothing is followed: the 3xx is the answer.
- The same request twice is a loop: without cookies of its own a probe would go round for ever.
- Only to http and https, and never from https to http.
- Headers that carry a secret go to the origin they were configured for (scheme, host and port) and to no other: the
  configured ones, and Authorization, Proxy-Authorization and Cookie in any case. The same holds for a server name to
  verify that was set by hand.
- 303 becomes GET; 301 and 302 turn POST into GET, as all clients do; 307 and 308 repeat method and body.
- Never to another origin at an address that serves only this machine (`platforms.addresses`): a server must not make us
  ask what it can't reach itself. A numeric one is refused before any way is gone, a name once it was looked up; what a
  name means that goes through a proxy is for the proxy to find out.
- A user, password or fragment in a Location is not used.
- A Location is data from a server: no message repeats it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from platforms.addresses import is_forbidden
from platforms.errors import FaultKind, TransportFault
from platforms.http import URL, InvalidURL, Request, Response
from platforms.transport.http import LED, expiry_in
from platforms.transport.reach import LOCAL

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_POST_BECOMES_GET: Final = frozenset({301, 302})
_SEE_OTHER: Final = 303
_ALWAYS_SECRET: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
# Made anew for each request, or gone with the body.
_FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding"})
_OF_BODY: Final = frozenset({"content-type", "content-encoding", "content-language"})

_HIGHEST_PORT: Final = 65535

Send = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """How far redirects are followed, and which headers (lower case) hold secrets."""

    limit: int
    secret_headers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where following ended.

    `is_home`: the answer came from the origin that was configured, which is the only one that saw our secrets.
    `url`: what was asked for last.
    `tls_expires_at`: the earliest end of any certificate seen on the way.
    """

    response: Response
    is_home: bool
    url: URL
    tls_expires_at: datetime | None


async def follow(send: Send, first: Request, route: Route) -> Arrival:
    """Send the request, and those that its answers redirect to.

    Raises:
        TransportFault: REDIRECT: a redirect that may not be followed; and what `send` raises.
    """
    response = await send(first)
    if route.limit == 0 or response.status_code not in _REDIRECTS:
        return Arrival(response, is_home=True, url=first.url, tls_expires_at=expiry_in(response))
    return await _followed(send, first, response, route)


async def _followed(send: Send, first: Request, response: Response, route: Route) -> Arrival:
    request, seen = first, {_key(first)}
    ends: list[datetime] = []
    while True:
        if (end := expiry_in(response)) is not None:
            ends.append(end)
        target = _target(request, response)
        if target is None:
            is_home = _origin(request.url) == _origin(first.url)
            return Arrival(response, is_home=is_home, url=request.url, tls_expires_at=min(ends, default=None))
        if len(seen) > route.limit:
            raise TransportFault(FaultKind.REDIRECT, f"more than {route.limit} redirects")
        request = _redirected(request, response.status_code, target, first, route)
        if _key(request) in seen:
            raise TransportFault(FaultKind.REDIRECT, "the redirects go round in a loop")
        seen.add(_key(request))
        response = await send(request)


def _target(request: Request, response: Response) -> URL | None:
    """Return where the answer redirects to; None where it is no redirect."""
    if response.status_code not in _REDIRECTS or "location" not in response.headers:
        return None
    try:
        url = request.url.join(response.headers["location"]).copy_with(userinfo=b"", fragment=None)
    except (InvalidURL, ValueError) as error:
        raise TransportFault(FaultKind.REDIRECT, "a redirect leads to something that is no address") from error
    if url.scheme not in {"http", "https"}:
        raise TransportFault(FaultKind.REDIRECT, "a redirect leads to something other than http or https")
    if not url.raw_host or (url.port is not None and not 0 < url.port <= _HIGHEST_PORT):
        raise TransportFault(FaultKind.REDIRECT, "a redirect leads to something that is no address")
    if request.url.scheme == "https" and url.scheme == "http":
        raise TransportFault(FaultKind.REDIRECT, "a redirect leads from https to http")
    return url


def _redirected(request: Request, status: int, url: URL, first: Request, route: Route) -> Request:
    method = request.method
    if (status == _SEE_OTHER and method != "HEAD") or (status in _POST_BECOMES_GET and method == "POST"):
        method = "GET"
    is_home = _origin(url) == _origin(first.url)
    if not is_home and is_forbidden(url.raw_host.decode("ascii")):
        raise TransportFault(FaultKind.REDIRECT, LOCAL)
    keeps_body = method == first.method
    dropped = _FRAMING if keeps_body else _FRAMING | _OF_BODY
    if not is_home:
        dropped = dropped | _ALWAYS_SECRET | route.secret_headers
    return Request(
        method,
        url,
        # From the first request: a way that leads home again carries the secrets again.
        headers=[(name, value) for name, value in first.headers.raw if name.decode("ascii").lower() not in dropped],
        content=first.content if keeps_body and first.content else None,
        extensions=first.extensions if is_home else {LED: True},
    )


def _origin(url: URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port  # a scheme's own port is None already


def _key(request: Request) -> tuple[str, str]:
    return request.method, str(request.url)
