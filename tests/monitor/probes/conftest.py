"""Probes are tested on both loops they may run on."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from monitor.probes import attempt
from monitor.probes.context import ProbeContext
from monitor.probes.secrets import KeptSecrets
from platforms.transport.reach import Network
from tests.support.network import LOOPS, network
from tests.support.tls import authority, certificate, stranger

__all__ = ["authority", "certificate", "network", "stranger"]


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every test of this directory on both."""
    return LOOPS


@pytest.fixture(autouse=True)
def time_to_prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let secrets and tokens be had however a machine stalls."""
    monkeypatch.setattr(attempt, "PREPARE_SECONDS", 30.0)


@pytest.fixture
def context(network: Network) -> ProbeContext:
    """What probes are made with."""
    return ProbeContext(network, KeptSecrets(network.clock))
