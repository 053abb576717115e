"""The transport is tested on both loops it may run on."""

import asyncio
from collections.abc import Callable, Mapping

from tests.support.network import LOOPS, network
from tests.support.tls import authority, certificate, stranger

__all__ = ["authority", "certificate", "network", "stranger"]


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test of this directory on both."""
    return LOOPS
