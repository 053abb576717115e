"""Builds the probes that the settings name, through the registry."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from glasswatch.clock import Clock
from monitor.ports import Probe, RequestBudget
from monitor.probes.context import Own, ProbeContext, Unlimited
from monitor.probes.secrets import KeptSecrets
from monitor.registries import PROBES, load
from monitor.settings.platform import PlatformSettings
from monitor.settings.probe import ProbeSettings
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
    own: Callable[[str], Own] = lambda _probe: Own(),
    requests: RequestBudget | None = None,
    tape: Tape | None = None,
) -> dict[str, Probe]:
    """Return a platform's probes by name. Nothing is sent, no secret is read.

    `own` returns what is a probe's alone, by its name; `requests` is what may be asked of the platform; `tape`
    takes what servers will say. Secrets and tokens are kept for all of them together.
    """
    shared = ProbeContext(network, KeptSecrets(network.clock), requests=requests or Unlimited(), tape=tape)
    made = {}
    for name, settings in platform.probes.items():
        alone = own(name)
        made[name] = _make(settings)(settings, replace(shared, book=alone.book, listening=alone.listening))
    return made


def _make(settings: ProbeSettings) -> Make:
    return cast("Make", load(PROBES[settings.type].make))
