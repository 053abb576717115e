"""Builds the probes that the settings name, through the registry."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, cast

from glasswatch.clock import Clock
from monitor.ports import Probe, RequestBudget
from monitor.probes.context import Own, ProbeContext, Unlimited
from monitor.probes.explained import ExplainedProbe, Listener
from monitor.probes.notes import NotedSecrets, Notes
from monitor.probes.secrets import KeptSecrets
from monitor.registries import PROBES, load
from monitor.settings.platform import PlatformSettings
from monitor.settings.probe import ProbeSettings
from platforms.transport.reach import Network
from platforms.transport.resolver import AresResolver
from platforms.transport.tape import Tape
from platforms.transport.tls import TlsContexts

Make = Callable[[ProbeSettings, ProbeContext], Probe]


@dataclass(frozen=True, slots=True)
class Onlookers:
    """Who looks on as attempts are made: `tape` takes what servers say, `listen` returns who is told of a probe's."""

    tape: Tape | None = None
    listen: Callable[[str], Listener] | None = None


NOBODY: Final = Onlookers()


def new_network(clock: Clock, *, has_witness: bool = False) -> Network:
    """Return the network as all probes and controls share it. Close its resolver when done.

    `has_witness`: see `Network`.
    """
    return Network(clock, AresResolver(), TlsContexts(), has_witness=has_witness)


def probes_of(
    platform: PlatformSettings,
    network: Network,
    *,
    own: Callable[[str], Own] = lambda _probe: Own(),
    requests: RequestBudget | None = None,
    onlookers: Onlookers = NOBODY,
) -> dict[str, Probe]:
    """Return a platform's probes by name. Nothing is sent, no secret is read.

    `own` returns what is a probe's alone, by its name; `requests` is what may be asked of the platform; `onlookers`
    look on. Secrets and tokens are kept for all of them together.
    """
    shared = shared_of(network, requests, onlookers)
    return {name: shared.probe(settings, name, own(name)) for name, settings in platform.probes.items()}


@dataclass(frozen=True, slots=True)
class Shared:
    """What all probes of one platform share: what is read of their secrets, tokens, and what may be asked."""

    kept: KeptSecrets
    secrets: NotedSecrets
    context: ProbeContext
    onlookers: Onlookers

    def probe(self, settings: ProbeSettings, name: str, own: Own) -> Probe:
        """Return a probe of the platform. Nothing is sent, no secret is read."""
        context = replace(self.context, book=own.book, listening=own.listening, planned=own.planned)
        listen = self.onlookers.listen
        if listen is None:
            return maker(settings)(settings, context)
        return _explained(settings, context, Notes(self.secrets), listen(name))


def shared_of(network: Network, requests: RequestBudget | None, onlookers: Onlookers = NOBODY) -> Shared:
    """Return what all probes of one platform share, with nothing kept yet."""
    kept = KeptSecrets(network.clock)
    secrets = NotedSecrets(kept)
    context = ProbeContext(network, secrets, requests=requests or Unlimited(), tape=onlookers.tape)
    return Shared(kept, secrets, context, onlookers)


def _explained(settings: ProbeSettings, context: ProbeContext, notes: Notes, listener: Listener) -> Probe:
    notes.is_every = listener.is_every
    noted = replace(context, network=replace(context.network, trace=notes.trace), notes=notes)
    return ExplainedProbe(maker(settings)(settings, noted), notes, listener)


def maker(settings: ProbeSettings) -> Make:
    """Return what makes a probe of these settings."""
    return cast("Make", load(PROBES[settings.type].make))
