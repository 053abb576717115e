"""Asks over HTTP: one request on a connection of its own, one answer within bounds.

Rules:
- No redirect is followed, no proxy of the environment is used, nothing is tried twice.
- A body is read, and decoded, up to `LARGEST` bytes.
- Cancelled at any instant it leaves nothing open.
- No message holds anything but the place that was asked (scheme, host and port) and the transport's own words.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from drills.model.found import RunFacts
from glasswatch import __version__, strict_json
from glasswatch.clock import Clock
from glasswatch.errors import NotMeasured
from platforms.errors import TransportFault
from platforms.http import Request
from platforms.transport.http import IDENTITY, SERVER_NAME, HttpTransport, Terms, content_of
from platforms.transport.reach import Network
from platforms.transport.resolver import AresResolver
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import Identity, TlsContexts, TlsOptions

LARGEST: Final = 4 * 1024 * 1024
JSON: Final = "application/json"
RUN_HEADER: Final = "X-Drill-Run"
_ORIGIN: Final = re.compile(r"[a-z]+://[^/?#]*")


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `url` and headers may hold secrets."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer. `headers`: names in lower case, in the order they came; `body` is decoded."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> object:
        """Return the body as JSON.

        Raises:
            ValueError: it is none, or not strict.
        """
        return strict_json.parse(self.body)


@dataclass(frozen=True, slots=True)
class Manner:
    """Whom to trust, as whom to be known, and which name to verify where it isn't the address's own."""

    tls: TlsOptions = field(default_factory=TlsOptions)
    identity: Identity | None = None
    server_name: str | None = None


class Asker:
    """Asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._contexts = TlsContexts()

    async def ask(self, question: Question, seconds: float, manner: Manner | None = None) -> Heard:
        """Return what is answered.

        Raises:
            TransportFault: no whole answer came; its words name neither address nor header.
            TimeoutError: it did not come in time.
        """
        network = Network(self._clock, AresResolver(), self._contexts)
        manner = manner or Manner()
        try:
            async with asyncio.timeout(seconds):
                transport = HttpTransport(network, Terms(LARGEST, manner.tls), Stopwatch(self._clock))
                response = await transport.handle_async_request(_request(question, manner))
                headers = tuple((name.lower(), value) for name, value in response.headers.multi_items())
                return Heard(response.status_code, headers, content_of(response, LARGEST))
        finally:
            await network.resolver.aclose()

    async def heard(self, question: Question, seconds: float, manner: Manner | None = None) -> Heard:
        """Return what is answered.

        Raises:
            NotMeasured: no whole answer came in time.
        """
        try:
            return await self.ask(question, seconds, manner)
        except TransportFault as fault:
            raise NotMeasured(f"{place_of(question.url)}: {fault}") from None
        except TimeoutError:
            raise NotMeasured(f"{place_of(question.url)} did not answer within {seconds:g} s") from None


def place_of(url: str) -> str:
    """Return scheme, host and port of an address, which hold no secret."""
    found = _ORIGIN.match(url)
    return found[0] if found else "the address"


def agent_of(run: str) -> str:
    """Return how a run calls itself in the logs of what it asks."""
    return f"glasswatch-drill/{__version__} run/{run}"


def ours(run: RunFacts) -> dict[str, str]:
    """Return the headers by which an audit knows a request as a run's."""
    return {"User-Agent": agent_of(run.id), RUN_HEADER: run.id}


def _request(question: Question, manner: Manner) -> Request:
    given = {name.lower() for name in question.headers}
    usual = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
    headers = {name: value for name, value in usual.items() if name.lower() not in given}
    extensions: dict[str, object] = {}
    if manner.server_name is not None:
        extensions[SERVER_NAME] = manner.server_name
    if manner.identity is not None:
        extensions[IDENTITY] = manner.identity
    return Request(
        question.method,
        question.url,
        headers={**headers, **question.headers, "Connection": "close"},
        content=question.content,
        extensions=extensions,
    )
