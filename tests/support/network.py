"""A real network for tests, and the two loops it may run on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from glasswatch.clock import SystemClock
from platforms.transport.reach import Network
from platforms.transport.resolver import AresResolver
from platforms.transport.tls import TlsContexts

LOOPS: Mapping[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    """What exchanges share."""
    resolver = AresResolver()
    yield Network(SystemClock(), resolver, TlsContexts())
    await resolver.aclose()
