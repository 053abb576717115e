"""Builds platforms' probes and the loops that run them, and knows which run.

What a platform's probes share (secrets, tokens, its budget of requests) lives as long as the platform is watched,
whatever becomes of single probes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from glasswatch.clock import Clock
from monitor.heartbeats import Heartbeats
from monitor.keeper import Keeper
from monitor.model.event import MaintenanceTold
from monitor.model.policy import PlatformPolicy
from monitor.ports import Probe
from monitor.probes.books import StoreBook
from monitor.probes.build import Onlookers, Shared, shared_of
from monitor.probes.context import Own
from monitor.recent import Recent
from monitor.scheduler import Bench, Budget, ProbeLoop
from monitor.settings.platform import PlatformSettings
from monitor.store.store import SqlStore
from platforms.transport.reach import Network


@dataclass(frozen=True, slots=True)
class Tools:
    """What probes are built with."""

    network: Network
    store: SqlStore
    heartbeats: Heartbeats
    recent: Recent
    clock: Clock
    hear: Callable[[str, MaintenanceTold], None]
    """Takes what a platform's status page tells."""


class Workshop:
    """The probes of all platforms."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._shared: dict[str, tuple[Budget, Shared]] = {}
        self._running: dict[tuple[str, str], ProbeLoop] = {}

    def probe(self, platform: str, settings: PlatformSettings, name: str) -> Probe:
        """Return one probe of a platform. Nothing is sent, no secret is read."""
        tools = self._tools
        own = Own(
            StoreBook(tools.store, platform, name),
            tools.heartbeats.source(name),
            lambda planned: tools.hear(platform, MaintenanceTold(name, planned)),
        )
        return self._of(platform, settings)[1].probe(settings.probes[name], name, own)

    def limit(self, platform: str, settings: PlatformSettings) -> None:
        """Have a platform asked as often as these settings allow."""
        self._of(platform, settings)[0].allow(settings.max_requests_per_minute)

    def loops(
        self,
        keeper: Keeper,
        policy: PlatformPolicy,
        settings: PlatformSettings,
        probes: Mapping[str, Probe],
        bench: Bench,
    ) -> list[ProbeLoop]:
        """Return loops for these probes; each takes the place of the one that its probe had before."""
        platform, requests = policy.platform, self._of(policy.platform, settings)[0]
        made = {}
        for name, probe in probes.items():
            budget = requests if settings.probes[name].asks else Budget(None, self._tools.clock)
            made[platform, name] = ProbeLoop(keeper, policy.probes[name], probe, budget, bench)
        self._running |= made
        keeper.on_call(lambda name: self._running[platform, name].call())
        return list(made.values())

    def running(self, platform: str) -> dict[str, ProbeLoop]:
        """Return a platform's loops by their probes' names."""
        return {name: loop for (of, name), loop in self._running.items() if of == platform}

    def release(self, platform: str, name: str) -> ProbeLoop:
        """Forget a loop, and return it."""
        return self._running.pop((platform, name))

    def forget(self, platform: str) -> None:
        """Forget what a platform's probes shared. Its loops were released before."""
        self._shared.pop(platform, None)

    def renew(self) -> None:
        """Have secrets that programs print read anew."""
        for _, shared in self._shared.values():
            shared.kept.renew()

    def _of(self, platform: str, settings: PlatformSettings) -> tuple[Budget, Shared]:
        found = self._shared.get(platform)
        if found is None:
            tools = self._tools
            requests = Budget(settings.max_requests_per_minute, tools.clock)
            listen = Onlookers(listen=lambda probe: tools.recent.listener(platform, probe))
            found = self._shared[platform] = requests, shared_of(tools.network, requests, listen)
        return found
