"""The transport through a proxy that was asked for: CONNECT for https, the absolute form for http.

A proxy is ours, so what it does wrong never counts against a server. What can be told apart, and what can't:

- The proxy has no address, can't be connected to, breaks off, talks nonsense, or refuses us: our own fault.
- It answers CONNECT with 502, 503 or 504: it could not get through. Whether for its own sake or the server's, nobody
  can tell from here: our own fault.
- Silence or an end before TLS stands: as above. A TLS handshake that goes wrong for another reason is the server's.
- Once the server has proved who it is through the tunnel, the proxy works, and all else is the server's.
- In clear nobody proves anything: only an answer counts; a connection that fails or is silent does not. Which answers
  may be the proxy's own is for the one who judges them.

The phases keep their meaning: `resolve` and `connect` lead to the proxy and, for https, through it to the server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.http import Request, Response
from platforms.transport.answer import Answer, Expecting
from platforms.transport.http import PORTS, HttpTransport, Terms, bytes_of, host_of
from platforms.transport.reach import Network
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tape import Tape
from platforms.transport.wire import Wire

_OURS: Final = "the proxy"
_ASKS_WHO: Final = 407
_COULD_NOT: Final = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it is, and what it is told about who we are: the value of Proxy-Authorization."""

    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)

    @property
    def field(self) -> bytes:
        """The header line, if there is one."""
        return b"" if self.authorization is None else f"Proxy-Authorization: {self.authorization}\r\n".encode("ascii")


@dataclass(frozen=True, slots=True)
class ProxiedTerms:
    """On what terms servers are talked to, and through which proxy."""

    terms: Terms
    proxy: Proxy


class ProxiedTransport(HttpTransport):
    """`HttpTransport` through a proxy."""

    def __init__(self, network: Network, through: ProxiedTerms, watch: Stopwatch, tape: Tape | None = None) -> None:
        super().__init__(network, through.terms, watch, tape)
        self._proxy = through.proxy

    async def handle_async_request(self, request: Request) -> Response:
        """See `HttpTransport`."""
        if request.url.scheme == "https":
            return await super().handle_async_request(request)
        with self._blamed():
            return await super().handle_async_request(request)

    async def _connected(self, request: Request) -> Wire:
        with self._blamed():
            wire = await self._dialled(self._proxy.host, self._proxy.port)
            if request.url.scheme == "https":
                try:
                    await self._tunnel(wire, request)
                except BaseException:
                    wire.abort()
                    raise
            return wire

    async def _tunnel(self, wire: Wire, request: Request) -> None:
        host = host_of(request)
        place = f"{f'[{host}]' if ':' in host else host}:{request.url.port or PORTS['https']}".encode("ascii")
        # Its time is the connection's: the answer is timed by nobody.
        answer = Answer(Expecting(max_body=0, has_body=False), Stopwatch(self._network.clock))
        try:
            wire.send(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (place, place, self._proxy.field))
            await wire.receive(answer)
        finally:
            answer.close()
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - RFC 9110, 9.3.6: any 2xx
            raise TransportFault(FaultKind.OWN, _refusal(answer.status))

    async def _secure(self, wire: Wire, context: SSLContext, request: Request) -> None:
        self._watch.ours = _OURS
        try:
            await super()._secure(wire, context, request)
        except TransportFault as fault:
            if fault.kind is FaultKind.LOST:
                raise TransportFault(FaultKind.OWN, f"through {_OURS}: {fault}") from fault
            raise
        self._watch.ours = None

    def _bytes(self, request: Request) -> bytes:
        if request.url.scheme == "https":
            return super()._bytes(request)
        port = f":{request.url.port}" if request.url.port else ""
        host = host_of(request)
        place = f"http://{f'[{host}]' if ':' in host else host}{port}".encode("ascii")
        return bytes_of(request, place + request.url.raw_path, self._proxy.field)

    @contextmanager
    def _blamed(self) -> Iterator[None]:
        """Whatever goes wrong in here is not the server's. A deadline finds out by the watch."""
        before, self._watch.ours = self._watch.ours, _OURS
        try:
            yield
        except TransportFault as fault:
            if fault.kind is FaultKind.OWN:
                raise
            raise TransportFault(FaultKind.OWN, f"through {_OURS}: {fault}") from fault
        self._watch.ours = before


def _refusal(status: int) -> str:
    if status == _ASKS_WHO:
        return "the proxy does not accept our credentials, or asks for some: status 407"
    if status in _COULD_NOT:
        return f"the proxy could not connect to the server, for its own sake or the server's: status {status}"
    return f"the proxy refused the connection to the server: status {status}"
