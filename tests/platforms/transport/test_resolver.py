"""From names to addresses, against a real DNS server on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from platforms.errors import FaultKind, TransportFault
from platforms.transport.resolver import Address, AresResolver, Ip, numeric
from tests.servers.dns import REFUSED, SERVER_FAILURE, DnsServer, answering
from tests.support.descriptors import open_files
from tests.support.waiting import until


@asynccontextmanager
async def _resolver(server: DnsServer) -> AsyncIterator[AresResolver]:
    async with answering(server):
        resolver = AresResolver([server.place])
        try:
            yield resolver
        finally:
            await resolver.aclose()


async def _fault(resolver: AresResolver, name: str) -> TransportFault:
    with pytest.raises(TransportFault) as caught:
        await resolver.resolve(name, 443)
    return caught.value


async def test_a_name_gets_its_address() -> None:
    """The address comes with the port that was asked for."""
    async with _resolver(DnsServer({"portal.example": ["192.0.2.7"]})) as resolver:
        assert await resolver.resolve("portal.example", 443) == Address("192.0.2.7", 443, socket.AF_INET)


async def test_ipv4_is_picked_where_there_is_a_way() -> None:
    """Of a name with both kinds the IPv4 address is tried: broken IPv6 on our side is no outage."""
    async with _resolver(DnsServer({"both.example": ["::1", "127.0.0.1"]})) as resolver:
        assert (await resolver.resolve("both.example", 443)).host == "127.0.0.1"


async def test_ipv6_is_picked_where_there_is_no_way_to_ipv4() -> None:
    """An IPv4 address that this machine can't send to (here: broadcast) is not tried."""
    async with _resolver(DnsServer({"both.example": ["2001:db8::7", "255.255.255.255"]})) as resolver:
        assert (await resolver.resolve("both.example", 443)).host == "2001:db8::7"


async def test_ipv6_only() -> None:
    """A name with IPv6 alone gets that."""
    async with _resolver(DnsServer({"six.example": ["2001:db8::7"]})) as resolver:
        assert await resolver.resolve("six.example", 443) == Address("2001:db8::7", 443, socket.AF_INET6)


@pytest.mark.parametrize(
    ("ip", "host"),
    [
        (Ip.PREFER_4, "127.0.0.1"),
        (Ip.ONLY_4, "127.0.0.1"),
        (Ip.PREFER_6, "::1"),
        (Ip.ONLY_6, "::1"),
    ],
)
async def test_which_address_is_picked(ip: Ip, host: str) -> None:
    """Of a name with both kinds, the one that is asked for or preferred."""
    async with _resolver(DnsServer({"both.example": ["::1", "127.0.0.1"]})) as resolver:
        assert (await resolver.resolve("both.example", 443, ip)).host == host


async def test_any_takes_the_first() -> None:
    """The resolver's order decides, by RFC 6724, whether this machine has a way there or not."""
    async with _resolver(DnsServer({"both.example": ["2001:db8::7", "127.0.0.1"]})) as resolver:
        found = [node.addr[0] for node in (await resolver._started().getaddrinfo("both.example")).nodes]
        assert (await resolver.resolve("both.example", 443, Ip.ANY)).host == found[0].decode()


@pytest.mark.parametrize(("ip", "kind"), [(Ip.ONLY_4, 1), (Ip.ONLY_6, 28)])
async def test_only_one_kind_is_asked_for(ip: Ip, kind: int) -> None:
    """One look-up, of that kind alone; a name without it has no address."""
    server = DnsServer({"four.example": ["127.0.0.1"], "six.example": ["::1"]})
    async with _resolver(server) as resolver:
        name, other = ("four.example", "six.example") if ip is Ip.ONLY_4 else ("six.example", "four.example")
        await resolver.resolve(name, 443, ip)
        with pytest.raises(TransportFault) as caught:
            await resolver.resolve(other, 443, ip)
    assert caught.value.kind is FaultKind.RESOLVE
    assert {asked for _, asked in server.asked} == {kind}


async def test_a_preferred_kind_that_is_not_there() -> None:
    """Then the other is as good."""
    async with _resolver(DnsServer({"four.example": ["127.0.0.1"]})) as resolver:
        assert (await resolver.resolve("four.example", 443, Ip.PREFER_6)).host == "127.0.0.1"


@pytest.mark.parametrize(
    ("server", "words"),
    [
        pytest.param(DnsServer(), "the name does not exist", id="unknown"),
        pytest.param(DnsServer({"portal.example": []}), "the name has no address", id="no address"),
        pytest.param(
            DnsServer(codes={"portal.example": SERVER_FAILURE}),
            "the DNS servers could not answer for this name",
            id="failure",
        ),
        pytest.param(
            DnsServer(codes={"portal.example": REFUSED}), "the name could not be resolved", id="refused by the server"
        ),
    ],
)
async def test_a_name_without_address_is_theirs(server: DnsServer, words: str) -> None:
    """What DNS says of a name is said in plain words, and counts against the platform."""
    async with _resolver(server) as resolver:
        fault = await _fault(resolver, "portal.example")
    assert (fault.kind, str(fault)) == (FaultKind.RESOLVE, words)


async def test_an_impossible_name_is_theirs() -> None:
    """A name that no DNS question can hold does not resolve."""
    async with _resolver(DnsServer()) as resolver:
        assert (await _fault(resolver, "a" * 80 + ".example")).kind is FaultKind.RESOLVE


async def test_no_dns_server_is_our_own_fault() -> None:
    """Where no DNS server can be reached, nothing was learnt about the name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
    resolver = AresResolver([place])
    try:
        fault = await _fault(resolver, "portal.example")
    finally:
        await resolver.aclose()
    assert (fault.kind, str(fault)) == (FaultKind.OWN, "no DNS server could be reached")


@pytest.mark.asyncio(loop_factories=["uvloop"])  # it takes its time
async def test_a_dead_dns_server_is_passed_over() -> None:
    """With a silent server listed first the answer comes from the second, and later look-ups do not wait again."""
    later = ("other.example", "third.example", "fourth.example")
    silent = DnsServer(silent=frozenset({"portal.example", *later}))
    names = {"portal.example": ["192.0.2.7"]} | {name: ["192.0.2.8"] for name in later}
    async with answering(silent), answering(DnsServer(names)) as living:
        resolver = AresResolver([silent.place, living.place])
        try:
            assert (await resolver.resolve("portal.example", 443)).host == "192.0.2.7"
            took = [await _seconds_for(resolver, name) for name in later]
            assert min(took) < 1  # the quickest: this machine may stand still for a while
        finally:
            await resolver.aclose()


async def _seconds_for(resolver: AresResolver, name: str) -> float:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    assert (await resolver.resolve(name, 443)).host == "192.0.2.8"
    return loop.time() - begun


async def _after_fast_answers(server: DnsServer, resolver: AresResolver) -> None:
    """Have c-ares learn that the server is fast."""
    for name in server.names:
        if name.startswith("fast"):
            await resolver.resolve(name, 443)


FAST = {f"fast{number}.example": ["192.0.2.8"] for number in range(6)}


@pytest.mark.parametrize("delay", [0.9, 1.7])
async def test_a_slow_answer_after_fast_ones(delay: float) -> None:
    """It is waited for, as the first one would be."""
    server = DnsServer({"portal.example": ["192.0.2.7"], **FAST})
    async with _resolver(server) as resolver:
        await _after_fast_answers(server, resolver)
        server.delay = delay
        async with asyncio.timeout(20):
            assert (await resolver.resolve("portal.example", 443, Ip.ONLY_4)).host == "192.0.2.7"


async def test_silence_lasts_until_the_caller_ends_it() -> None:
    """However fast the answers before; and nothing stays that was started for it."""
    server = DnsServer(FAST, silent=frozenset({"portal.example", "other.example"}))
    async with _resolver(server) as resolver:
        await _after_fast_answers(server, resolver)
        before = len(open_files())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await asyncio.gather(*(resolver.resolve(name, 443) for name in server.silent))
        await until(lambda: len(open_files()) <= before)


async def test_closing_ends_patience() -> None:
    """As it ends any look-up."""
    server = DnsServer(FAST, silent=frozenset({"portal.example"}))
    async with _resolver(server) as resolver:
        await _after_fast_answers(server, resolver)
        task = asyncio.create_task(_fault(resolver, "portal.example"))
        await until(lambda: [name for name, _ in server.asked].count("portal.example") > 4)
        await resolver.aclose()
        async with asyncio.timeout(20):
            assert (await task).kind is FaultKind.OWN


@pytest.mark.parametrize("name", ["localhost", "anything.localhost"])
async def test_localhost_needs_no_dns(name: str) -> None:
    """`localhost` is this machine, by IPv4, and nobody is asked."""
    server = DnsServer()
    async with _resolver(server) as resolver:
        assert await resolver.resolve(name, 80) == Address("127.0.0.1", 80, socket.AF_INET)
    assert server.asked == []


async def test_etc_hosts_holds() -> None:
    """A name of /etc/hosts is not asked for."""
    server = DnsServer()
    name, address = _name_in_hosts()
    async with _resolver(server) as resolver:
        assert (await resolver.resolve(name, 80)).host == address
    assert server.asked == []


def _name_in_hosts() -> tuple[str, str]:
    with open("/etc/hosts", encoding="utf-8") as hosts:  # noqa: PTH123 - two lines of reading
        for line in hosts:
            address, *names = line.split("#")[0].split() or [""]
            for name in names:
                if "." in address and "localhost" not in name:
                    return name, address
    pytest.skip("/etc/hosts names nothing but localhost")


async def test_stuck_lookups_delay_nobody() -> None:
    """However many names hang, another one is resolved at once, and the loop goes on."""
    stuck = [f"stuck{number}.example" for number in range(100)]
    server = DnsServer({"portal.example": ["192.0.2.7"]}, silent=frozenset(stuck))
    async with _resolver(server) as resolver:
        waiting = [asyncio.create_task(resolver.resolve(name, 443)) for name in stuck]
        await until(lambda: len({name for name, _ in server.asked}) == len(stuck))
        assert (await resolver.resolve("portal.example", 443)).host == "192.0.2.7"
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in ended)


async def test_closing_ends_what_is_under_way() -> None:
    """A look-up that is under way when the resolver closes ends as our own fault, and no thread or file stays."""
    server = DnsServer(silent=frozenset({"stuck.example"}))
    before = len(open_files())
    async with answering(server):
        resolver = AresResolver([server.place])
        task = asyncio.create_task(_fault(resolver, "stuck.example"))
        await until(lambda: server.asked)
        await resolver.aclose()
        async with asyncio.timeout(20):
            assert (await task).kind is FaultKind.OWN
        await resolver.aclose()
    await until(lambda: len(open_files()) <= before)


async def test_what_is_forgotten_is_asked_anew() -> None:
    """However long it might be kept; a look-up under way goes on, and what is not in use has nothing to forget."""
    server = DnsServer({"portal.example": ["192.0.2.7"]}, silent=frozenset({"stuck.example"}), ttl=3600)
    async with _resolver(server) as resolver:
        resolver.forget()
        assert (await resolver.resolve("portal.example", 443)).host == "192.0.2.7"
        server.names = {"portal.example": ["192.0.2.8"]}
        assert (await resolver.resolve("portal.example", 443)).host == "192.0.2.7"
        waiting = asyncio.create_task(resolver.resolve("stuck.example", 443))
        await until(lambda: ("stuck.example", 1) in server.asked)
        resolver.forget()
        async with asyncio.timeout(20):
            while (await resolver.resolve("portal.example", 443)).host != "192.0.2.8":  # noqa: ASYNC110 - c-ares says nothing
                await asyncio.sleep(0.01)
        assert not waiting.done()
        waiting.cancel()


async def test_it_works_again_after_closing() -> None:
    """A closed resolver starts anew when it is asked again."""
    async with _resolver(DnsServer({"portal.example": ["192.0.2.7"]})) as resolver:
        await resolver.resolve("portal.example", 443)
        await resolver.aclose()
        assert (await resolver.resolve("portal.example", 443)).host == "192.0.2.7"


@pytest.mark.parametrize(
    ("host", "family"),
    [
        ("192.0.2.7", socket.AF_INET),
        ("::1", socket.AF_INET6),
        ("2001:db8::7", socket.AF_INET6),
        ("localhost", None),
        ("192.0.2", None),
        ("0x7f.1", None),
        ("a\0b", None),
        ("", None),
    ],
)
def test_what_is_numeric(host: str, family: socket.AddressFamily | None) -> None:
    """Only whole IPv4 and IPv6 addresses are; the old short forms are names."""
    found = numeric(host, 80)
    assert (found and found.family) == family
