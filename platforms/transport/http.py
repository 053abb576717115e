"""The probe's own HTTP transport: one request, one new connection, every phase timed.

Rules:
- One look-up, one address, one connection, one request; no retry, no fallback, no reuse, no cookies. Through a proxy
  only where one was asked for (`platforms.transport.proxied`).
- The caller's deadline (`asyncio.timeout` around the call) holds from the look-up to the last byte: cancelling ends
  the exchange wherever it is, and leaves nothing open.
- The answer is read whole, within the bounds of `platforms.transport.answer`, and a cap on all bytes on the wire, so
  that framing can't be used to talk for ever.
- Redirects are not followed here (`platforms.transport.redirects`).
- HTTP/1.1, unless the terms bring another way to speak (`platforms.transport.http2`).

`AsyncClient` costs as much again as a plain exchange, so probes call `handle_async_request` themselves. It is the
client's interface all the same: what works with a transport works with this one, except that what goes wrong is a
`TransportFault`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from ssl import SSLContext
from typing import Final

from platforms.errors import FaultKind, TransportFault
from platforms.http import AsyncBaseTransport, AsyncByteStream, Request, Response
from platforms.transport.answer import MAX_HEAD_BYTES, Answer, Expecting, Said
from platforms.transport.body import decoded
from platforms.transport.reach import Network, Place, reach
from platforms.transport.resolver import Ip
from platforms.transport.stopwatch import Phase, Stopwatch
from platforms.transport.tape import Tape, Taped
from platforms.transport.tls import TlsOptions
from platforms.transport.welcome import shown, welcomed
from platforms.transport.wire import Wire

# Certificates, and the framing of chunks, which outweighs the data only in tiny ones.
_WIRE_SPARE: Final = 256 * 1024
PORTS: Final = {"http": 80, "https": 443}
_EXPIRY: Final = "tls_expires_at"
# Extensions of a request; redirects carry them to the first origin only.
SERVER_NAME: Final = "sni_hostname"
IDENTITY: Final = "tls_identity"
# A server led here: not every address may be connected to.
LED: Final = "led"
_WRITTEN: Final = "written"
# Of a response.
_TRAILERS: Final = "trailers"

# Makes one exchange over a connection that stands, and that is encrypted where it has to be. May raise a
# TransportFault of the kinds LOST, PROTOCOL, TOO_LARGE, OWN.
Speak = Callable[[Wire, Request, Expecting, Stopwatch, Tape | None], Awaitable[Said]]


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms one server is talked to.

    `max_body` in bytes, before and after decoding. `body_for`: see `platforms.transport.answer.Expecting`. `speak`:
    in place of HTTP/1.1; `tls` must ask for it too (ALPN).
    """

    max_body: int
    tls: TlsOptions
    body_for: Container[int] | None = None
    ip: Ip = Ip.PREFER_4
    speak: Speak | None = None


class HttpTransport(AsyncBaseTransport):
    """Makes each request on a connection of its own. `watch` times all requests made through this transport.

    `tape` takes what the servers say, byte by byte.
    """

    def __init__(self, network: Network, terms: Terms, watch: Stopwatch, tape: Tape | None = None) -> None:
        self._network = network
        self._terms = terms
        self._watch = watch
        self._tape = tape

    async def handle_async_request(self, request: Request) -> Response:
        """Make one exchange.

        The extension `SERVER_NAME` replaces the name that is asked for and verified; `IDENTITY` is the client
        certificate to show.

        Raises:
            TransportFault: of any kind; REDIRECT only where a server led to.
        """
        identity = request.extensions.get(IDENTITY)
        with shown(identity):
            # Before connecting: authorities that can't be read are our fault, whatever the server does.
            context = self._network.tls.get(self._terms.tls, identity) if request.url.scheme == "https" else None
            wire = await self._connected(request)
            try:
                if context is not None:
                    self._watch.enter(Phase.TLS)
                    await self._secure(wire, context, request)
                self._watch.enter(Phase.PROCESSING)
                said = await self._exchanged(wire, request)
                self._watch.stop()
                expires_at = wire.tls_expires_at
            finally:
                wire.abort()
        return Response(
            said.status,
            headers=said.fields,
            stream=_Transferred(said.body, said.codings),
            extensions={"http_version": said.version, _EXPIRY: expires_at, _TRAILERS: said.trailers},
            request=request,
        )

    async def _exchanged(self, wire: Wire, request: Request) -> Said:
        terms = self._terms
        expecting = Expecting(terms.max_body, request.method != "HEAD", terms.body_for)
        if terms.speak is not None:
            return await terms.speak(wire, request, expecting, self._watch, self._tape)
        answer = Answer(expecting, self._watch)
        try:
            wire.send(self._bytes(request))
            with welcomed(wire):
                await wire.receive(answer if self._tape is None else Taped(answer, self._tape))
            return Said(answer.status, answer.fields, answer.body, answer.codings)
        finally:
            answer.close()

    async def _connected(self, request: Request) -> Wire:
        port = request.url.port or PORTS[request.url.scheme]
        return await self._dialled(host_of(request), port, is_led=LED in request.extensions)

    async def _dialled(self, host: str, port: int, *, is_led: bool = False) -> Wire:
        limit = MAX_HEAD_BYTES + 2 * self._terms.max_body + _WIRE_SPARE
        return await reach(self._network, Place(host, port, self._terms.ip, is_led), self._watch, limit)

    async def _secure(self, wire: Wire, context: SSLContext, request: Request) -> None:
        await wire.secure(context, _name(request))

    def _bytes(self, request: Request) -> bytes:
        written: _Written | None = request.extensions.get(_WRITTEN)
        if written is not None and written.request is request:
            return written.data
        return bytes_of(request, request.url.raw_path)


@dataclass(frozen=True, slots=True)
class _Written:
    """What a request is on the wire. Extensions are handed on to others made from it, which are others there."""

    request: Request
    data: bytes


def write_once(request: Request) -> None:
    """Have a request's bytes made now, for each time it is sent. It must not be changed any more.

    One that can't be sent stays as it is: sending it says so.
    """
    with suppress(TransportFault):
        request.extensions[_WRITTEN] = _Written(request, bytes_of(request, request.url.raw_path))


def content_of(response: Response, limit: int) -> bytes:
    """Return the body of an answer of `HttpTransport`, without its content coding.

    Raises:
        TransportFault: PROTOCOL, TOO_LARGE.
    """
    stream = response.stream
    return decoded(stream.body, stream.codings, limit) if isinstance(stream, _Transferred) else b""


def expiry_in(response: Response) -> datetime | None:
    """Return when the certificate of the server that answered ends; None in clear."""
    at = response.extensions.get(_EXPIRY)
    return at if isinstance(at, datetime) else None


def trailers_of(response: Response) -> Sequence[tuple[bytes, bytes]]:
    """Return the fields that came after the body; only HTTP/2 keeps them."""
    trailers: Sequence[tuple[bytes, bytes]] = response.extensions.get(_TRAILERS, ())
    return trailers


class _Transferred(AsyncByteStream):
    """A body that has arrived whole, still encoded."""

    def __init__(self, body: bytes, codings: Sequence[bytes]) -> None:
        self.body = body
        self.codings = codings

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body


def host_of(request: Request) -> str:
    """Return the host that is asked, an IPv6 address without brackets."""
    return request.url.raw_host.decode("ascii")


def _name(request: Request) -> str:
    # A name may end in a dot, a certificate's never does.
    return str(request.extensions.get(SERVER_NAME) or host_of(request).rstrip("."))


def bytes_of(request: Request, target: bytes, more: bytes = b"") -> bytes:
    """Return the request as it is sent: for this target, with `more` header lines.

    Raises:
        TransportFault: OWN: a header holds a line end.
    """
    fields = request.headers.raw
    head = b"".join([b"%s: %s\r\n" % field for field in fields])
    if head.count(b"\n") != len(fields) or head.count(b"\r") != len(fields) or b"\0" in head:
        raise TransportFault(FaultKind.OWN, "a header can't be sent: it holds a line end")
    line = b"%s %s HTTP/1.1\r\n" % (request.method.encode("ascii"), target)
    return b"".join((line, head, more, b"\r\n", request.content))
