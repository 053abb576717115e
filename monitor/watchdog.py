"""Feeds the service manager's watchdog while the monitor lives, and says in a line how it is.

`look` is called once a second by the loop itself: that it is called proves that the loop goes round. What else must get
on (every platform's settling, and probing as a whole) is read here and judged by `monitor.rules.liveliness`. Who is
stuck is logged once; the manager then starts the monitor anew, which takes everything up from the store.
"""

import logging
from datetime import timedelta

from monitor.model.policy import PlatformPolicy
from monitor.parts import Assembly
from monitor.rules.liveliness import STUCK_SECONDS, Progress, Pulse, followed, stuck
from monitor.servicemanager import ServiceManager

log = logging.getLogger("glasswatch.daemon")

_PROBING = "probing"


class Watchdog:
    """Looks whether the monitor lives."""

    def __init__(self, parts: Assembly, manager: ServiceManager) -> None:
        self._parts = parts
        self._manager = manager
        self._progress: dict[object, Progress] = {}
        self._stuck: frozenset[object] = frozenset()
        self._policies: tuple[PlatformPolicy, ...] = ()
        self._quickest: timedelta | None = None

    def look(self) -> None:
        """Read every part; say so to the manager if all of them get on. Never waits."""
        at, now = self._parts.clock.monotonic(), self._pulses()
        self._progress = followed(self._progress, now, at)
        found = frozenset(stuck(self._progress, now, at))
        for who in found - self._stuck:
            log.error("stuck", extra={"fields": {"what": str(who)}})
        self._stuck = found
        if not found:
            self._manager.alive()
        self._manager.status(self._status(found))

    def _pulses(self) -> dict[object, Pulse]:
        parts = self._parts
        pulses: dict[object, Pulse] = {
            f"settling of {settler.platform}": Pulse(not settler.is_told, settler.turns) for settler in parts.settlers
        }
        pace = self._pace()
        patience = (pace or timedelta(0)).total_seconds() + STUCK_SECONDS
        return {**pulses, _PROBING: Pulse(pace is not None, parts.metrics.begun, patience)}

    def _pace(self) -> timedelta | None:
        """Return how often the quickest probe runs, at the least; None: there is none."""
        policies = tuple(keeper.policy for keeper in self._parts.board.keepers.values())
        if policies != self._policies:  # the same ones nearly always: ten thousand probes are not gone through for it
            probes = (probe for policy in policies for probe in policy.probes.values())
            paces = (max(probe.interval, probe.confirm_every) + probe.timeout for probe in probes)
            self._policies, self._quickest = policies, min(paces, default=None)
        return self._quickest

    def _status(self, found: frozenset[object]) -> str:
        if found:
            return f"stuck: {', '.join(sorted(map(str, found)))}"
        missing = self._parts.board.waiting_for()
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            return f"not ready: {missing[0]}{more}"
        platforms = self._parts.board.platforms()
        return "; ".join(f"{state.platform} {state.verdict}, {state.flag.state}" for state in platforms)
