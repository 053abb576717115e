"""Who is let in: what stands between a request and its handler (design 3.5).

1. An endpoint without a scope is open to everybody, everywhere: what a request's `Authorization` says is not looked
   at, so that a stale token keeps nobody from the flag.
2. `read` is open to whoever comes from this machine, where the monitor listens for this machine alone. Nobody is
   believed to come from it: the address is the connection's own. What says that it was forwarded comes from elsewhere,
   through a proxy that nobody declared.
3. Everything else needs a token, presented as `Authorization: Bearer TOKEN` in exactly one header. A wrong one and an
   expired one are answered alike.
4. What the token lets its holder do is decided by `rules/authority`.
5. Failures to present a valid token, and the writes of each token, are throttled by `rules/throttle`; a valid token is
   never held up by other people's failures. Reading without any token is no failure: nothing was tried. What an
   endpoint's writes are counted against (`allowance`) stands in the table.
6. What lasts (a stream of events) is let in again and again: it ends with its token.
"""

import hashlib
import re
from typing import Final

from pydantic import BaseModel
from starlette.requests import Request

from glasswatch.clock import Clock
from monitor.model.caller import Caller
from monitor.rules import forwarded, throttle
from monitor.rules.authority import ALL_PLATFORMS, may, recognised
from monitor.web.refused import Refused
from monitor.web.site import Site
from monitor.wire.endpoints import OPEN_ON_LOOPBACK, Endpoint

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_FORWARDED: Final = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"})
_CHALLENGE: Final = {"www-authenticate": "Bearer"}


class Admission:
    """Knows the tokens, and who failed or wrote how often."""

    def __init__(self, site: Site, clock: Clock) -> None:
        self._site = site
        self._clock = clock
        self._failures = throttle.Counted()
        self._writes: dict[tuple[str, str], throttle.Counted] = {}

    def client(self, request: Request) -> str:
        """Return the address that a request comes from."""
        peer = request.client.host if request.client else ""
        return forwarded.client(peer, request.headers.getlist("x-forwarded-for"), self._site.proxies)

    def who(self, endpoint: Endpoint, request: Request) -> Caller | None:
        """Return who asks; None where that is nobody's business.

        Raises:
            Refused: `unauthorized` or `throttled`.
        """
        try:
            return self._admitted(endpoint, request)
        except Refused:
            if endpoint.writes or "authorization" in request.headers:
                self._count_failure(request)
            raise

    def still_lets_in(self, endpoint: Endpoint, request: Request) -> bool:
        """Return whether a request that was let in would be so now. Nothing is counted."""
        try:
            self.check(endpoint, request, self._admitted(endpoint, request))
        except Refused:
            return False
        return True

    def _admitted(self, endpoint: Endpoint, request: Request) -> Caller | None:
        is_open_here = self._site.is_local and endpoint.scope == OPEN_ON_LOOPBACK and _is_of_this_machine(request)
        if endpoint.scope is None or is_open_here:
            return None
        digest = hashlib.sha256(_presented(request).encode()).digest()
        caller = recognised(self._site.tokens, digest, self._clock.now())
        if caller is None:
            raise Refused("unauthorized", "the token presented is not valid here", _CHALLENGE)
        return caller

    def _count_failure(self, request: Request) -> None:
        judged = throttle.failed(self._failures, self.client(request), self._clock.monotonic())
        self._failures = judged.counted
        if judged.wait_seconds:
            raise _throttled("too many requests without a valid token", judged.wait_seconds) from None

    def count_write(self, endpoint: Endpoint, caller: Caller | None) -> None:
        """Count a write, whatever becomes of it.

        Raises:
            Refused: `throttled`.
        """
        if caller is None or not endpoint.writes:
            return
        key, most = (caller.token, endpoint.allowance), throttle.ALLOWANCES[endpoint.allowance]
        judged = throttle.wrote(self._writes.get(key, throttle.Counted()), self._clock.monotonic(), most)
        self._writes[key] = judged.counted
        if judged.wait_seconds:
            raise _throttled(f"a token may do this {most} times a minute", judged.wait_seconds)

    def check(self, endpoint: Endpoint, request: Request, caller: Caller | None) -> None:
        """See that the caller may do this, as far as method and path say what it is.

        Raises:
            Refused: `forbidden`.
        """
        platform = request.path_params["platform"] if endpoint.platform_in == "path" else None
        _see(endpoint, request, caller, platform)

    def check_body(self, endpoint: Endpoint, request: Request, caller: Caller | None, body: BaseModel | None) -> None:
        """See that the caller may do this on the platform that the body names.

        Raises:
            Refused: `forbidden`.
        """
        if endpoint.platform_in == "body":
            platform = getattr(body, "platform", None)
            request.state.platform = platform
            _see(endpoint, request, caller, platform or ALL_PLATFORMS)


def _see(endpoint: Endpoint, request: Request, caller: Caller | None, platform: str | None) -> None:
    if caller is None or endpoint.scope is None:
        return
    denial = may(caller, endpoint.scope.format(**request.path_params), platform)
    if denial is not None:
        raise Refused(denial.code, denial.message)


def _throttled(what: str, wait_seconds: int) -> Refused:
    return Refused("throttled", f"{what}: try again in {wait_seconds} s", {"retry-after": str(wait_seconds)})


def _presented(request: Request) -> str:
    headers = request.headers.getlist("authorization")
    if not headers:
        raise Refused("unauthorized", "this needs a token: Authorization: Bearer TOKEN", _CHALLENGE)
    match = _BEARER.fullmatch(headers[0].strip(" \t"))  # what surrounds a value is not the value's (RFC 9110, 5.5)
    if match is None or len(headers) > 1:
        raise Refused("unauthorized", "expected exactly one Authorization header: Bearer TOKEN", _CHALLENGE)
    return match[1]


def _is_of_this_machine(request: Request) -> bool:
    address = forwarded.address_of(request.client.host) if request.client else None
    return address is not None and address.is_loopback and _FORWARDED.isdisjoint(request.headers.keys())
