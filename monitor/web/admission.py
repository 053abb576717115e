"""Who is let in: what stands between a request and its handler (design 3.5).

1. An endpoint without a scope is open to everybody, everywhere: what a request's `Authorization` says is not looked
   at, so that a stale token keeps nobody from the flag.
2. `read` is open to whoever comes from this machine, where the monitor listens for this machine alone. Nobody is
   believed to come from it: the address is the connection's own.
3. Everything else needs a token, presented as `Authorization: Bearer TOKEN` in exactly one header. A wrong one and an
   expired one are answered alike.
4. What the token lets its holder do is decided by `rules/authority`.
"""

import hashlib
import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel
from starlette.requests import Request

from glasswatch.clock import Clock
from monitor.model.caller import Caller, Token
from monitor.rules.authority import ALL_PLATFORMS, may, recognised
from monitor.web.refused import Refused
from monitor.wire.endpoints import Endpoint

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_CHALLENGE: Final = {"www-authenticate": "Bearer"}


class Admission:
    """Knows the tokens. `is_local`: we listen for this machine alone."""

    def __init__(self, tokens: Iterable[Token], clock: Clock, *, is_local: bool) -> None:
        self._tokens = tuple(tokens)
        self._clock = clock
        self._is_local = is_local

    def who(self, endpoint: Endpoint, request: Request) -> Caller | None:
        """Return who asks; None where that is nobody's business.

        Raises:
            Refused: `unauthorized`.
        """
        if endpoint.scope is None or (endpoint.scope == "read" and self._is_local and _is_of_this_machine(request)):
            return None
        digest = hashlib.sha256(_presented(request).encode()).digest()
        caller = recognised(self._tokens, digest, self._clock.now())
        if caller is None:
            raise Refused("unauthorized", "the token presented is not valid here", _CHALLENGE)
        return caller

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
            _see(endpoint, request, caller, getattr(body, "platform", None) or ALL_PLATFORMS)


def _see(endpoint: Endpoint, request: Request, caller: Caller | None, platform: str | None) -> None:
    if caller is None or endpoint.scope is None:
        return
    denial = may(caller, endpoint.scope.format(**request.path_params), platform)
    if denial is not None:
        raise Refused(denial.code, denial.message)


def _presented(request: Request) -> str:
    headers = request.headers.getlist("authorization")
    if not headers:
        raise Refused("unauthorized", "this needs a token: Authorization: Bearer TOKEN", _CHALLENGE)
    match = _BEARER.fullmatch(headers[0])
    if match is None or len(headers) > 1:
        raise Refused("unauthorized", "expected exactly one Authorization header: Bearer TOKEN", _CHALLENGE)
    return match[1]


def _is_of_this_machine(request: Request) -> bool:
    return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
