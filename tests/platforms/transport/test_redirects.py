"""Redirects: how far, where to, and what goes along."""

import socket
from collections.abc import Mapping
from dataclasses import replace

import pytest

from platforms.errors import FaultKind, TransportFault
from platforms.http import Request, Response
from platforms.transport.http import HttpTransport, Terms
from platforms.transport.reach import Network
from platforms.transport.redirects import Arrival, Route, follow
from platforms.transport.resolver import Address, Ip
from platforms.transport.stopwatch import Stopwatch
from platforms.transport.tls import TlsOptions
from tests.servers.http import answer, answering
from tests.servers.raw import Talk, serving
from tests.support.tls import Authority

# Nothing here depends on the loop.
pytestmark = pytest.mark.asyncio(loop_factories=["asyncio"])

_HOME = "https://home.example/start"
_SECRETS = {
    "Authorization": "Bearer secret",
    "Cookie": "session=secret",
    "X-Token": "secret",
    "X-Plain": "open",
}


class Web:
    """Servers as a mapping from address to what they answer; keeps every request."""

    def __init__(self, answers: Mapping[str, tuple[int, str]]) -> None:
        self._answers = answers
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Response:
        """Answer by the address alone."""
        self.requests.append(request)
        status, location = self._answers.get(str(request.url), (200, ""))
        return Response(status, headers={"location": location} if location else None, request=request)


async def _follow(web: Web, limit: int = 10, method: str = "GET", content: bytes | None = None) -> Arrival:
    headers = {**_SECRETS, "Content-Type": "text/plain"} if content else _SECRETS
    first = Request(method, _HOME, headers=headers, content=content, extensions={"sni_hostname": "inner.example"})
    return await follow(web.send, first, Route(limit, frozenset({"x-token"})))


async def _fault(web: Web, limit: int = 10) -> str:
    with pytest.raises(TransportFault) as caught:
        await _follow(web, limit)
    assert caught.value.kind is FaultKind.REDIRECT
    return str(caught.value)


def _secrets_in(request: Request) -> set[str]:
    return {name for name in ("authorization", "cookie", "x-token") if name in request.headers}


async def test_nothing_is_followed_at_limit_0() -> None:
    """With a limit of 0 the redirect is the answer."""
    web = Web({_HOME: (302, "/there")})
    arrival = await _follow(web, limit=0)
    assert (arrival.response.status_code, len(web.requests)) == (302, 1)


async def test_a_relative_location_is_followed() -> None:
    """A Location may be relative to the request's address."""
    web = Web({_HOME: (302, "../there?x=1")})
    arrival = await _follow(web)
    assert arrival.response.status_code == 200
    assert str(web.requests[-1].url) == "https://home.example/there?x=1"
    assert arrival.is_home


async def test_as_many_as_allowed_and_no_more() -> None:
    """The limit itself is allowed, one more is not."""
    web = Web({_HOME: (302, "/1"), "https://home.example/1": (302, "/2"), "https://home.example/2": (302, "/3")})
    assert (await _follow(web, limit=3)).response.status_code == 200
    assert await _fault(web, limit=2) == "more than 2 redirects"


async def test_a_loop_is_found_at_once() -> None:
    """The second request to the same address ends it, whatever the limit."""
    web = Web({_HOME: (302, "/1"), "https://home.example/1": (302, "/start")})
    assert await _fault(web) == "the redirects go round in a loop"
    assert len(web.requests) == 2


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("http://home.example/", "a redirect leads from https to http"),
        ("ftp://home.example/", "a redirect leads to something other than http or https"),
        ("javascript:alert(1)", "a redirect leads to something other than http or https"),
        ("file:///etc/passwd", "a redirect leads to something other than http or https"),
        ("https://[::1", "a redirect leads to something that is no address"),
        ("https://home.example:99999/", "a redirect leads to something that is no address"),
        ("https://home.example:0/", "a redirect leads to something that is no address"),
        ("https://home.example/\0", "a redirect leads to something that is no address"),
    ],
)
async def test_where_nobody_follows(location: str, words: str) -> None:
    """Other schemes, downgrades and nonsense end the attempt, and the Location is not repeated."""
    assert await _fault(Web({_HOME: (302, location)})) == words


@pytest.mark.parametrize("status", [300, 304, 305])
async def test_other_3xx_are_answers(status: int) -> None:
    """Only the five redirects are followed."""
    assert (await _follow(Web({_HOME: (status, "/there")}))).response.status_code == status


async def test_a_redirect_without_location_is_an_answer() -> None:
    """There is nothing to follow."""
    assert (await _follow(Web({_HOME: (302, "")}))).response.status_code == 302


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://other.example/",
        "https://home.example:8443/",
        "https://sub.home.example/",
        "https://home.example.other.example/",
        "//other.example/",
        "https://home.example@other.example/",
    ],
)
async def test_secrets_stay_at_home(elsewhere: str) -> None:
    """Another scheme, host or port sees no secret header, and no server name set by hand; other headers go along."""
    web = Web({_HOME: (307, elsewhere)})
    arrival = await _follow(web)
    assert _secrets_in(web.requests[0]) == {"authorization", "cookie", "x-token"}
    assert _secrets_in(web.requests[1]) == set()
    assert web.requests[1].headers["x-plain"] == "open"
    assert web.requests[1].extensions == {"led": True}
    assert not arrival.is_home


async def test_the_way_home_carries_secrets_again() -> None:
    """A way over another origin (a sign-on service) and back is judged by each request's own origin."""
    web = Web({_HOME: (302, "https://sso.example/"), "https://sso.example/": (302, "https://home.example/back")})
    arrival = await _follow(web)
    assert [len(_secrets_in(request)) for request in web.requests] == [3, 0, 3]
    assert web.requests[2].extensions == {"sni_hostname": "inner.example"}
    assert arrival.is_home


async def test_host_follows_the_address() -> None:
    """Each request names the host it goes to."""
    web = Web({_HOME: (302, "https://other.example:8443/")})
    await _follow(web)
    assert web.requests[1].headers["host"] == "other.example:8443"


async def test_a_user_in_a_location_is_not_used() -> None:
    """A server can't make us send credentials of its choice."""
    web = Web({_HOME: (302, "https://user:password@other.example/#there")})
    await _follow(web)
    assert str(web.requests[1].url) == "https://other.example/"


@pytest.mark.parametrize(
    ("status", "method", "becomes"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
    ],
)
async def test_the_method_after_a_redirect(status: int, method: str, becomes: str) -> None:
    """Method and body are repeated or dropped as all clients do."""
    content = b"text" if method in {"POST", "PUT"} else None
    web = Web({_HOME: (status, "/there")})
    await _follow(web, method=method, content=content)
    second = web.requests[1]
    assert second.method == becomes
    assert second.content == (content or b"" if becomes == method else b"")
    assert ("content-type" in second.headers) == bool(second.content)


async def test_a_redirect_between_real_servers(network: Network, authority: Authority) -> None:
    """Phases add up over the way, the earliest certificate's end is kept, and the secret stays at home."""
    first_to_end, last_to_end = authority.issue("localhost"), authority.issue()
    heads: list[bytes] = []
    async with serving(answering(answer(200), keeps=heads), last_to_end.context()) as there:

        async def elsewhere(talk: Talk) -> None:
            await talk.head()
            await talk.say(answer(302, headers=[("Location", there.url())]))

        async with serving(elsewhere, first_to_end.context()) as home:
            watch = Stopwatch(network.clock)
            transport = HttpTransport(network, Terms(1000, TlsOptions(authority.ca_file)), watch)
            request = Request("GET", home.url(host="localhost"), headers=_SECRETS)
            arrival = await follow(transport.handle_async_request, request, Route(1, frozenset({"x-token"})))
    assert arrival.response.status_code == 200
    assert arrival.tls_expires_at == min(first_to_end.ends_at, last_to_end.ends_at)
    assert b"secret" not in heads[0]
    assert list(watch.phases()) == ["resolve", "connect", "tls", "processing", "transfer"]


class LinkLocal:
    """A resolver by which every name is the metadata service."""

    async def resolve(self, host: str, port: int, ip: Ip = Ip.PREFER_4) -> Address:
        """See `Resolver`."""
        return Address("169.254.169.254", port, socket.AF_INET)

    def forget(self) -> None:
        """Hold nothing."""

    async def aclose(self) -> None:
        """Hold nothing."""


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]", "metadata.example"])
async def test_nobody_is_led_to_this_machines_own(network: Network, host: str) -> None:
    """Link-local and metadata addresses, numeric or looked up, are not connected to where a server led there."""
    there = replace(network, resolver=LinkLocal())
    async with serving(answering(answer(302, headers=[("Location", f"http://{host}/latest/meta-data/")]))) as server:
        transport = HttpTransport(there, Terms(1000, TlsOptions()), Stopwatch(network.clock))
        with pytest.raises(TransportFault) as caught:
            await follow(transport.handle_async_request, Request("GET", server.url()), Route(1))
    assert (caught.value.kind, str(caught.value)) == (
        FaultKind.REDIRECT,
        "a redirect leads to an address of this machine's own",
    )
