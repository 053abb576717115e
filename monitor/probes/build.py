"""Builds the probes that the settings name, through the registry."""

from collections.abc import Callable
from typing import cast

from glasswatch.clock import Clock
from monitor.ports import Probe
from monitor.probes.context import ProbeContext
from monitor.probes.secrets import KeptSecrets
from monitor.registries import PROBES, load
from monitor.settings.platform import PlatformSettings
from monitor.settings.probe import ProbeSettings
from platforms.transport.http import Network
from platforms.transport.resolver import AresResolver
from platforms.transport.tape import Tape
from platforms.transport.tls import TlsContexts

Make = Callable[[ProbeSettings, ProbeContext], Probe]


def new_network(clock: Clock) -> Network:
    """Return the network as all probes and controls share it. Close its resolver when done."""
    return Network(clock, AresResolver(), TlsContexts())


def probes_of(platform: PlatformSettings, network: Network, tape: Tape | None = None) -> dict[str, Probe]:
    """Return a platform's probes by name. Nothing is sent, no secret is read. `tape` takes what servers will say."""
    context = ProbeContext(network, KeptSecrets(network.clock), tape)
    return {name: _make(settings)(settings, context) for name, settings in platform.probes.items()}


def _make(settings: ProbeSettings) -> Make:
    return cast("Make", load(PROBES[settings.type].make))
