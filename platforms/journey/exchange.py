"""Makes a journey's requests: each on a connection of its own, to the journey's origin and no other place.

Rules:
- Method, path, headers and body come from the journey; scheme, host and port are the origin's, always.
- Redirects are not followed: a redirect is an answer like any other, and its Location a value that may be captured.
- Link-local and metadata addresses are refused (`rules.links`): a numeric host before anything is sent, a name as soon
  as it is resolved. The address that was looked at is the one that is connected to.
- A body is decoded within `max_body`; gzip and deflate only.
"""

from dataclasses import dataclass, replace

from glasswatch import __version__
from platforms.addresses import is_forbidden
from platforms.errors import FaultKind, TransportFault
from platforms.http import URL, AsyncBaseTransport, Request, Response
from platforms.journey.model import Answer, Planned
from platforms.transport.body import decoded
from platforms.transport.reach import Network
from platforms.transport.resolver import Address, Ip, Resolver

_FORBIDDEN = "the address serves this machine alone (link-local or metadata): no journey goes there"


@dataclass(frozen=True, slots=True)
class Where:
    """The origin, the name to verify where it isn't the origin's own, and the largest body in bytes."""

    origin: str
    server_name: str | None = None
    max_body: int = 1024 * 1024


class Exchange:
    """`ports.Send` through a transport."""

    def __init__(self, transport: AsyncBaseTransport, where: Where) -> None:
        self._transport = transport
        self._where = where
        self._is_forbidden = is_forbidden(URL(where.origin).host)

    async def __call__(self, planned: Planned) -> Answer:
        """See `ports.Send`."""
        if self._is_forbidden:
            raise TransportFault(FaultKind.RESOLVE, _FORBIDDEN)
        response = await self._transport.handle_async_request(self._request(planned))
        headers = tuple((name.lower(), value) for name, value in response.headers.multi_items())
        return Answer(response.status_code, headers, await self._body(response))

    def _request(self, planned: Planned) -> Request:
        given = {name.lower() for name in planned.headers}
        ours = {"User-Agent": f"glasswatch/{__version__}", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
        headers = {name: value for name, value in ours.items() if name.lower() not in given}
        name = self._where.server_name
        return Request(
            planned.method,
            URL(self._where.origin).copy_with(raw_path=planned.target.encode("ascii")),
            headers={**headers, **planned.headers, "Connection": "close"},
            content=planned.body,
            extensions={"sni_hostname": name} if name else None,
        )

    async def _body(self, response: Response) -> bytes:
        parts, left = [], self._where.max_body
        async for part in response.stream:  # type: ignore[union-attr]  # the answer of an async transport
            left -= len(part)
            if left < 0:
                raise TransportFault(FaultKind.TOO_LARGE, "the body is larger than allowed")
            parts.append(part)
        codings = [value.encode() for value in response.headers.get_list("content-encoding")]
        return decoded(b"".join(parts), codings, self._where.max_body)


class GuardedResolver:
    """A resolver that refuses addresses no journey may reach."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(self, host: str, port: int, ip: Ip = Ip.PREFER_4) -> Address:
        """See `Resolver`."""
        address = await self._resolver.resolve(host, port, ip)
        if is_forbidden(address.host):
            raise TransportFault(FaultKind.RESOLVE, _FORBIDDEN)
        return address

    def forget(self) -> None:
        """See `Resolver`."""
        self._resolver.forget()

    async def aclose(self) -> None:
        """Leave the resolver to whoever made it."""


def guarded(network: Network) -> Network:
    """Return the same network, in which no name leads to an address that no journey may reach."""
    return replace(network, resolver=GuardedResolver(network.resolver))
