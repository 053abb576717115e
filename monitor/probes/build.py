"""Builds the probes that the settings name, through the registry."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from glasswatch.clock import Clock
from monitor.ports import Probe, RequestBudget
from monitor.probes.books import MemoryBook
from monitor.probes.context import ProbeContext, Unlimited
from monitor.probes.secrets import KeptSecrets
from monitor.registries import PROBES, load
from monitor.settings.platform import PlatformSettings
from monitor.settings.probe import ProbeSettings
from platforms.journey.ports import Book
from platforms.transport.reach import Network
from platforms.transport.resolver import AresResolver
from platforms.transport.tape import Tape
from platforms.transport.tls import TlsContexts

Make = Callable[[ProbeSettings, ProbeContext], Probe]


def new_network(clock: Clock) -> Network:
    """Return the network as all probes and controls share it. Close its resolver when done."""
    return Network(clock, AresResolver(), TlsContexts())


def probes_of(
    platform: PlatformSettings,
    network: Network,
    *,
    book: Callable[[str], Book] = lambda _probe: MemoryBook(),
    requests: RequestBudget | None = None,
    tape: Tape | None = None,
) -> dict[str, Probe]:
    """Return a platform's probes by name. Nothing is sent, no secret is read.

    `book` returns where what a probe opens is put on record; `requests` is what may be asked of the platform; `tape`
    takes what servers will say. Secrets and tokens are kept for all of them together.
    """
    shared = ProbeContext(network, KeptSecrets(network.clock), requests=requests or Unlimited(), tape=tape)
    contexts = {name: replace(shared, book=book(name)) for name in platform.probes}
    return {name: _make(settings)(settings, contexts[name]) for name, settings in platform.probes.items()}


def _make(settings: ProbeSettings) -> Make:
    return cast("Make", load(PROBES[settings.type].make))
