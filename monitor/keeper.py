"""Keeps one platform: gives what happened to the rules and passes on what they found.

The state in memory moves at once, so that no probe ever waits for the store. What the rules found goes, in order, to
the platform's settler, which writes it down and then acts on it.

A machine that slept, or a clock that leapt, leaves a gap in which nobody watched, as an absence does: after one longer
than `ready_ttl` nothing believed before is signed until it is confirmed again. A clock that was set back while we were
there is no gap; what counts real time is told of it.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from glasswatch.clock import Clock
from monitor.model.event import ClockSetBack, Event, Reconfigured, Restarted, Ticked
from monitor.model.fact import Step
from monitor.model.policy import PlatformPolicy
from monitor.model.state import PlatformState
from monitor.rules.reduce import advance
from monitor.settle import Settler

log = logging.getLogger("glasswatch.keeper")

LEAST_GAP = timedelta(seconds=3)  # ticks come every second; one that is late by less proves no absence
LEAST_SET_BACK = timedelta(seconds=1)  # clocks are corrected by less all the time


class Keeper:
    """Holds one platform's state; `hear` is the only way to change it."""

    def __init__(self, policy: PlatformPolicy, state: PlatformState, settler: Settler, clock: Clock) -> None:
        self._policy = policy
        self._state = state
        self._settler = settler
        self._clock = clock
        self._wake_at: datetime | None = None
        self._ticked_at: datetime | None = None
        self._ticked_reading = 0.0
        self._call: Callable[[str], None] = lambda _: None

    @property
    def platform(self) -> str:
        """The platform's name."""
        return self._policy.platform

    @property
    def policy(self) -> PlatformPolicy:
        """How it is judged now."""
        return self._policy

    @property
    def state(self) -> PlatformState:
        """What is held now."""
        return self._state

    @property
    def is_settled(self) -> bool:
        """Whether everything that was found so far is written and told."""
        return self._settler.is_settled

    def on_call(self, call: Callable[[str], None]) -> None:
        """Name what makes a probe's next attempt at once, given the probe's name."""
        self._call = call

    def hear(self, event: Event) -> Step:
        """Take in one event: decide, remember, pass on. Never waits."""
        step = advance(self._state, self._policy, event, self._clock.now())
        self._state = step.state
        self._wake_at = step.wake_at
        if step.facts:
            self._settler.put(step)
        for probe in step.calls:
            self._call(probe)
        return step

    def adopt(self, policy: PlatformPolicy, changed: frozenset[str]) -> Step:
        """Go on under another policy. `changed` are the probes that are new or run otherwise now."""
        self._policy = policy
        return self.hear(Reconfigured(changed))

    def checkpoint(self) -> None:
        """Have written how far every probe is."""
        self._settler.checkpoint(self._state)

    def tick(self) -> None:
        """Judge again what depends on time alone, when the rules said so; renew the flag when it is due."""
        now, reading = self._clock.now(), self._clock.monotonic()
        last, self._ticked_at = self._ticked_at, now
        step = now - last if last is not None else timedelta(0)
        set_back = timedelta(seconds=reading - self._ticked_reading) - step if last is not None else timedelta(0)
        self._ticked_reading = reading
        if last is not None and step > max(self._policy.ready_ttl, LEAST_GAP):
            log.warning("gap", extra={"fields": {"platform": self.platform, "since": last}})
            self.hear(Restarted(last))
        elif set_back > LEAST_SET_BACK:
            self.hear(ClockSetBack(set_back))
        elif self._wake_at is None or now >= self._wake_at or step < timedelta(0):
            self.hear(Ticked())
        self._settler.renew_if_due(self._state, now)
