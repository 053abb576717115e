"""A network that leads nowhere: how each way ends, and that nobody is asked on it."""

import asyncio
from dataclasses import replace

import pytest

from platforms.errors import FaultKind, TransportFault
from platforms.journey.exchange import guarded
from platforms.transport.dead_end import DeadEnd
from platforms.transport.reach import Network, Place, addressed, reach
from platforms.transport.resolver import Address, Ip
from platforms.transport.stopwatch import Phase, Stopwatch
from tests.servers.raw import Talk, serving

PLACES = ("platform.invalid", "127.0.0.1", "::1")


class Nobody:
    """A resolver that nobody may ask."""

    async def resolve(self, host: str, port: int, ip: Ip = Ip.PREFER_4) -> Address:
        """Complain."""
        raise AssertionError(f"{host} was looked up")

    def forget(self) -> None:
        """See `Resolver`."""

    async def aclose(self) -> None:
        """See `Resolver`."""


async def _nobody_comes(_: Talk) -> None:
    raise AssertionError("somebody came")


def _nowhere(network: Network, end: DeadEnd) -> Network:
    return replace(network, resolver=Nobody(), dead_end=end)


@pytest.mark.parametrize("host", PLACES)
@pytest.mark.parametrize("is_guarded", [False, True])
async def test_a_connection_is_refused_at_once(network: Network, host: str, is_guarded: bool) -> None:  # noqa: FBT001 - a case
    """Named or numeric; while connecting, as by a server that is there."""
    nowhere = _nowhere(network, DeadEnd.REFUSE)
    watch = Stopwatch(network.clock)
    with pytest.raises(TransportFault, match="the connection was refused") as caught:
        await reach(guarded(nowhere) if is_guarded else nowhere, Place(host, 443), watch, 1000)
    assert caught.value.kind is FaultKind.REFUSED
    assert watch.running is Phase.CONNECT


@pytest.mark.parametrize("host", PLACES)
async def test_a_connection_is_never_answered(network: Network, host: str) -> None:
    """It hangs while connecting until its caller gives up; nothing of our own is to blame."""
    watch = Stopwatch(network.clock)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await reach(_nowhere(network, DeadEnd.HANG), Place(host, 443), watch, 1000)
    assert watch.running is Phase.CONNECT
    assert watch.ours is None


async def test_a_server_that_listens_is_not_reached(network: Network) -> None:
    """Not even for a moment."""
    async with serving(_nobody_comes) as server:
        for end in DeadEnd:
            with pytest.raises((TransportFault, TimeoutError)):
                async with asyncio.timeout(0.05):
                    await reach(_nowhere(network, end), Place("127.0.0.1", server.port), Stopwatch(network.clock), 1000)
        assert server.connections == 0


async def test_a_name_has_an_address_that_nobody_has(network: Network) -> None:
    """RFC 5737: reserved for documentation."""
    found = await addressed(_nowhere(network, DeadEnd.HANG), Place("platform.invalid", 443), Stopwatch(network.clock))
    assert (found.host, found.port) == ("192.0.2.1", 443)
