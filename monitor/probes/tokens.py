"""The tokens that probes get with client credentials (RFC 6749, 4.4), kept while they serve.

Rules:
- One token for all who ask with the same settings on the same way; one request for it at a time.
- It serves until shortly before its end. In the last quarter of its life the next attempt has it renewed in the
  background, and goes on with what is kept; if the renewal fails, too, until the end.
- When the platform refuses a token, what is kept is dropped, and so is the client's secret when the token endpoint
  refuses that.
- A request for a token takes `WITHIN_SECONDS` at most and goes on when the attempt that began it has given up: the next
  one finds its token. It counts in the platform's budget, whether it fits or not, follows no redirect, and reads 64 KiB
  at most.
- A token, a secret or an answer is in no log and no message.
"""

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol
from urllib.parse import quote_plus, urlencode, urlsplit

from glasswatch import __version__
from glasswatch.errors import SecretUnavailable
from glasswatch.settings.auth import OAuth2Settings
from monitor.model.outcome import Reason
from monitor.ports import RequestBudget
from monitor.probes.secrets import SecretSource
from monitor.probes.way import Way, basic, opened
from monitor.rules.token_answer import Granted, judge_token
from platforms.errors import TransportFault
from platforms.http import Request
from platforms.transport.http import Terms, content_of
from platforms.transport.reach import Network
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import TlsOptions

WITHIN_SECONDS: Final = 10.0
_LARGEST: Final = 64 * 1024
_HEADERS: Final = {
    "User-Agent": f"glasswatch/{__version__}",
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
    "Connection": "close",
}

_log = logging.getLogger("glasswatch.probe")


class NoToken(SecretUnavailable):
    """No token was given. `reason` is what an attempt without one is worth."""

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Wanted:
    """A token that is wanted, and the way to where it is given."""

    settings: OAuth2Settings
    way: Way

    def __str__(self) -> str:
        return f"token from {urlsplit(self.settings.token_url).netloc}"


class Tokens(Protocol):
    """Where probes get the tokens they show."""

    async def get(self, wanted: Wanted) -> str:
        """Return a token. The caller bounds the time by cancelling; a request under way goes on.

        Raises:
            SecretUnavailable: it can't be had; a NoToken says what that is worth.
        """
        ...

    def refused(self, wanted: Wanted) -> None:
        """Take note that the platform did not accept the token."""
        ...


class KeptTokens:
    """See the module's rules. Bound to the loop it is used in."""

    def __init__(self, network: Network, secrets: SecretSource, requests: RequestBudget | None = None) -> None:
        self._network = network
        self._secrets = secrets
        self._budget = requests
        self._kept: dict[Wanted, tuple[Granted, float]] = {}
        self._requests: dict[Wanted, asyncio.Task[Granted]] = {}

    async def get(self, wanted: Wanted) -> str:
        """Return a token. The caller bounds the time by cancelling; a request under way goes on.

        Raises:
            SecretUnavailable: it can't be had; a NoToken says what that is worth.
        """
        granted, asked_at = self._kept.get(wanted, (None, 0.0))
        age = self._network.clock.monotonic() - asked_at
        if granted is None or not granted.serves(age):
            return (await asyncio.shield(self._request(wanted))).token
        if granted.is_due(age):
            self._request(wanted)
        return granted.token

    def refused(self, wanted: Wanted) -> None:
        """Take note that the platform did not accept the token."""
        self._kept.pop(wanted, None)

    def _request(self, wanted: Wanted) -> asyncio.Task[Granted]:
        request = self._requests.get(wanted)
        if request is None:
            request = asyncio.create_task(self._granted(wanted))
            self._requests[wanted] = request
            request.add_done_callback(partial(self._answered, wanted, self._network.clock.monotonic()))
        return request

    def _answered(self, wanted: Wanted, asked_at: float, request: asyncio.Task[Granted]) -> None:
        del self._requests[wanted]
        if request.cancelled():
            return
        # Asking for the exception also keeps asyncio from complaining of one that nobody waited for.
        fault = request.exception()
        if fault is None:
            self._kept[wanted] = request.result(), asked_at
        elif isinstance(fault, SecretUnavailable):
            _log.warning("token_not_had", extra={"fields": {"error": str(fault)}})

    async def _granted(self, wanted: Wanted) -> Granted:
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                status, body = await self._answer(wanted)
        except TimeoutError:
            raise SecretUnavailable(f"{wanted}: no answer within {WITHIN_SECONDS:.0f} s") from None
        except TransportFault as fault:
            raise SecretUnavailable(f"{wanted}: {fault}") from fault
        answer = judge_token(status, body)
        if isinstance(answer, Granted):
            return answer
        if answer.reason is Reason.CREDENTIALS_REFUSED:
            self._secrets.refused(wanted.settings.client_secret)
        raise NoToken(f"{wanted}: {answer.words}", answer.reason)

    async def _answer(self, wanted: Wanted) -> tuple[int, bytes]:
        settings = wanted.settings
        secret = (await self._secrets.get(settings.client_secret)).reveal()
        terms = Terms(_LARGEST, TlsOptions(settings.tls.ca_file), ip=wanted.way.ip)
        way = await opened(wanted.way, terms, self._secrets)
        transport = way.transport(self._network, Stopwatch(self._network.clock))
        if self._budget is not None:
            self._budget.count()
        response = await transport.handle_async_request(_request(settings, secret))
        return response.status_code, content_of(response, _LARGEST)


def _request(settings: OAuth2Settings, secret: str) -> Request:
    form = {"grant_type": "client_credentials"}
    form |= {"scope": settings.scope} if settings.scope is not None else {}
    form |= {"audience": settings.audience} if settings.audience is not None else {}
    headers = dict(_HEADERS)
    if settings.auth_style == "header":
        # RFC 6749, 2.3.1: both are encoded as in a form first.
        headers["Authorization"] = basic(quote_plus(settings.client_id), quote_plus(secret))
    else:
        form |= {"client_id": settings.client_id, "client_secret": secret}
    return Request("POST", settings.token_url, headers=headers, content=urlencode(form).encode())
