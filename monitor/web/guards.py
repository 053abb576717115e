"""What stands around every request, whatever it asks for.

1. `HostCheck`: a page on the internet can make a browser on this machine call us under a name of its own (DNS
   rebinding). The browser then sends that name, so only names of this monitor pass. Any port passes: people come
   through forwarded ports.
2. `FaultCatcher`: a bug becomes one JSON answer and one line in the log, never a traceback on the wire.
3. `SecurityHeaders`: nothing but our own page and style may run or load, nobody may frame us, nothing is kept.
4. `InPieces`: a large body goes out piece by piece, each written once the one before was taken. The time that a client
   has to read what was written (`deadlines.py`) is then each piece's own: who reads slowly but steadily gets all of it.

There is no CORS: no other origin may read what we say.
"""

import ipaddress
import logging
import re
from collections.abc import Callable, Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.web import refused

PIECE_BYTES: Final = 64 * 1024
_HOST = re.compile(r"(\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(:[0-9]*)?")

_log = logging.getLogger("glasswatch.web")


class HostCheck:
    """Lets pass only requests whose `Host` names this monitor; `refused` is told of any other."""

    def __init__(self, app: ASGIApp, names: Iterable[str], refused: Callable[[Request], None]) -> None:
        self._app = app
        self._refused = refused
        self._names = frozenset({"localhost", *(name.lower() for name in names)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http" and not self._is_ours(scope):
            self._refused(Request(scope))
            message = "the Host header does not name this monitor: use localhost, or the address that it listens on"
            await refused.answer("wrong_host", message)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, scope: Scope) -> bool:
        hosts = Headers(scope=scope).getlist("host")
        if not hosts:
            return bool(scope.get("http_version") == "1.0")  # the only version that may leave it out; no browser's
        host = _bare(hosts[0])
        return len(hosts) == 1 and (host in self._names or _is_loopback(host))


def _bare(host: str) -> str:
    """Return the host of a `Host` header without port, brackets and final dot, lower case; empty if it isn't one."""
    match = _HOST.fullmatch(host)
    if match is None:
        return ""
    return (match["six"] or match["name"]).removesuffix(".").lower()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class FaultCatcher:
    """Answers for our own bugs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer for a fault."""
        has_started = False

        async def watched(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as fault:
            _log.exception("request_failed", extra={"fields": {"fault": type(fault).__name__}})
            if has_started:
                raise  # nothing better can be said on a stream half sent: the server cuts it
            await refused.answer("own_fault", "a fault of the monitor's own; its log has more")(scope, receive, send)


class SecurityHeaders:
    """Adds to every answer what keeps a browser from doing more than showing it."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "same-origin",
            "cache-control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with headers added to its answer."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, with_headers)


class InPieces:
    """Writes large bodies piece by piece."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; cut up what is answered."""

        async def cut_up(message: Message) -> None:
            body = message.get("body", b"")
            if message["type"] != "http.response.body" or len(body) <= PIECE_BYTES:
                await send(message)
                return
            for start in range(0, len(body), PIECE_BYTES):
                has_more = start + PIECE_BYTES < len(body) or message.get("more_body", False)
                await send({**message, "body": body[start : start + PIECE_BYTES], "more_body": has_more})

        await self._app(scope, receive, cut_up)
