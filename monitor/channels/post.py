"""One request that takes a page or a flag to somebody else's server: kind where a probe is strict, bounded everywhere.

- One deadline over everything, from the name to the last byte; a new connection each time, because a kept one may have
  died unseen and what is sent is rare. No redirect is followed, no proxy taken from the environment, no cookie kept.
- Names are looked up in a thread of this target's own: a look-up that hangs (it can't be cancelled) holds up neither
  the loop nor another channel. Every address of the name is tried in turn, as long as none took the connection.
- A status line is the answer. The body of a 2xx is read for 64 KiB and 1 s at most, and may be missing, late or
  nonsense: what was taken was taken. No other body is read.
- The address may hold secrets in its path and query: messages name it as the caller says. The transport is called
  directly because the client in front of it logs whole addresses.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from glasswatch.sidethread import SideThread
from monitor.channels import faults
from monitor.errors import DeliveryFailed
from monitor.rules import retry
from platforms.http import (
    AsyncBaseTransport,
    AsyncHTTPTransport,
    ConnectError,
    ConnectTimeout,
    HTTPError,
    InvalidURL,
    Limits,
    Request,
    Response,
    Timeout,
)

LARGEST_ANSWER = 64 * 1024
ANSWER_SECONDS = 1.0
MOST_ADDRESSES = 4
# Of the deadline, for connecting and again for the TLS handshake. Both must end by themselves before the deadline: the
# library leaves a socket open when it is cancelled in a handshake.
CONNECTING_RATIO = 0.4
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """Where to send. `shown` names it in messages, without secrets; `ca_file` replaces the system's authorities."""

    shown: str
    url: str
    timeout: timedelta
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `headers` have lower-case names; `body` is empty unless it came whole and in time."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Call:
    """One request. Only path and query of `parts` are used: the host is the place's."""

    method: str
    parts: SplitResult
    headers: Mapping[str, str]
    body: bytes


class Poster:
    """Sends to one place. `transport` stands in for the network in tests."""

    def __init__(self, place: Place, transport: AsyncBaseTransport | None = None) -> None:
        self._place = place
        self._parts = urlsplit(place.url)
        self._seconds = place.timeout.total_seconds()
        self._transport = transport
        self._names = SideThread(f"names {place.shown}")

    @property
    def shown(self) -> str:
        """How messages name the place."""
        return self._place.shown

    def prepare(self) -> None:
        """Load what the first request needs, so that it doesn't hold up the loop in the middle of an outage.

        Raises:
            DeliveryFailed: the CA file can't be used now; each request tries again.
        """
        self._open_transport()

    async def post(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post once and return the answer, whatever its status.

        Raises:
            DeliveryFailed: there was no answer.
        """
        return await self._bounded(_Call("POST", self._parts, headers, body))

    async def ask(self, method: str, headers: Mapping[str, str]) -> Answer:
        """Ask once, without a body, and return the answer, whatever its status.

        Raises:
            DeliveryFailed: there was no answer.
        """
        return await self._bounded(_Call(method, self._parts, headers, b""))

    async def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask an address of this place's host once and return the answer, whatever its status.

        Raises:
            DeliveryFailed: there was no answer.
        """
        return await self._bounded(_Call("GET", urlsplit(url), headers, b""))

    async def put(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Put once to an address of this place's host and return the answer, whatever its status.

        Raises:
            DeliveryFailed: there was no answer.
        """
        return await self._bounded(_Call("PUT", urlsplit(url), headers, body))

    async def _bounded(self, call: _Call) -> Answer:
        """Make one request, on a connection of its own that is closed when this returns.

        Raises:
            DeliveryFailed: there was no answer.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._send(call)
        except TimeoutError:
            raise self._failed(f"did not answer within {self._seconds:g} s") from None
        except (HTTPError, InvalidURL, OSError) as error:
            # The library's own words may quote what it was given or sent; its chain is left out for the same reason.
            raise self._failed(faults.words(error)) from None

    async def aclose(self) -> None:
        """Let go of connections. Repeated calls do nothing."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _send(self, call: _Call) -> Answer:
        hosts = await self._hosts()
        response = None
        for position, host in enumerate(hosts, start=1):
            try:
                request = self._request(call, host, CONNECTING_RATIO * self._seconds / len(hosts))
                response = await self._open_transport().handle_async_request(request)
                break
            except (ConnectError, ConnectTimeout):
                if position == len(hosts):
                    raise
        if response is None:  # a name without an address is an error already
            raise self._failed("could not be found: its name has no address")
        try:
            is_taken = retry.is_accepted(response.status_code)
            return Answer(response.status_code, dict(response.headers), await _body(response) if is_taken else b"")
        finally:
            await response.aclose()

    async def _hosts(self) -> list[str]:
        """Return the addresses of the place's name, numeric, in the order in which the system would try them."""
        host, port = self._parts.hostname or "", self._port
        found = await self._names.run(
            lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), self._place.timeout
        )
        return [str(address[0]) for *_, address in found][:MOST_ADDRESSES]

    @property
    def _port(self) -> int:
        return self._parts.port or _PORTS[self._parts.scheme]

    def _request(self, call: _Call, host: str, connect_seconds: float) -> Request:
        netloc = f"[{host}]:{self._port}" if ":" in host else f"{host}:{self._port}"
        parts = SplitResult(self._parts.scheme, netloc, call.parts.path or "/", call.parts.query, "")
        limits = Timeout(connect=connect_seconds, read=self._seconds, write=self._seconds, pool=self._seconds)
        return Request(
            call.method,
            parts.geturl(),
            headers={"host": self._parts.netloc.rpartition("@")[2], "accept-encoding": "identity", **call.headers},
            content=call.body,
            # The certificate is checked against the name, whichever address answers for it.
            extensions={"timeout": limits.as_dict(), "sni_hostname": self._parts.hostname or ""},
        )

    def _open_transport(self) -> AsyncBaseTransport:
        if self._transport is None:
            self._transport = AsyncHTTPTransport(
                verify=self._trust(), trust_env=False, limits=Limits(max_keepalive_connections=0)
            )
        return self._transport

    def _trust(self) -> ssl.SSLContext:
        ca_file = self._place.ca_file
        try:
            return ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            why = "it is not a PEM file of certificates" if isinstance(error, ssl.SSLError) else error.strerror
            raise self._failed(f"can't be verified: CA file {ca_file}: {why}") from None

    def _failed(self, why: str) -> DeliveryFailed:
        return DeliveryFailed(f"{self._place.shown} {why}")


async def _body(response: Response) -> bytes:
    data = b""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            async for piece in response.aiter_raw():
                data += piece
                if len(data) > LARGEST_ANSWER:
                    return b""
    except (TimeoutError, HTTPError):
        return b""
    return data
