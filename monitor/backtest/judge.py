"""What is tried in simulated or recorded time: a way to make flags of outcomes. Ours is the real rules and no other.

`Ours` gives every event to `rules.reduce.advance` and asks `rules.schedule` when to try again, as the daemon does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from monitor.model.event import Event, Restarted
from monitor.model.fact import Fact
from monitor.model.outcome import Attempt
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import PlatformState
from monitor.model.verdict import FlagState, Phase, Role
from monitor.rules import quiet
from monitor.rules.function import deciding_set, probes_of
from monitor.rules.probe import completes_round, is_believed_bad, round_is_on
from monitor.rules.quiet import Passed
from monitor.rules.reduce import advance
from monitor.rules.schedule import Grid, Slots, next_attempt


class Judge(Protocol):
    """One way to make flags of outcomes, and what it holds now."""

    policy: PlatformPolicy
    wake_at: datetime | None

    @property
    def is_ready(self) -> bool:
        """Whether production may be opened."""
        ...

    @property
    def is_quiet(self) -> bool:
        """Whether good outcomes would change nothing but times."""
        ...

    def due(self, probe: str, ended_at: datetime | None, now: datetime) -> tuple[datetime, Attempt]:
        """Return when a probe is tried next, and why."""
        ...

    def needs_control(self, probe: str) -> bool:
        """Whether the controls are asked if an attempt turns out bad now."""
        ...

    def is_suspect(self, probe: str) -> bool:
        """Whether they are asked as early as an attempt begins."""
        ...

    def is_pressed(self, probe: str) -> bool:
        """Whether a bad outcome of this probe brings a ready flag nearer than it is in quiet."""
        ...

    def hear(self, event: Event, now: datetime) -> tuple[str, ...]:
        """Take in an event; return the probes that must run at once."""
        ...

    def pass_by(self, passed: Mapping[str, Passed], now: datetime) -> None:
        """Take in good outcomes while quiet."""
        ...


class Ours:
    """The rules of this version, with the settings of one platform."""

    def __init__(self, policy: PlatformPolicy, grid: Grid, state: PlatformState) -> None:
        self.policy = policy
        self._slots = {name: Slots(policy.platform, name, grid) for name in policy.probes}
        self._grid = grid
        self.state = state
        self.wake_at: datetime | None = self.state.wake_at
        self.facts: Sequence[Fact] = ()

    @classmethod
    def starting(cls, policy: PlatformPolicy, grid: Grid, now: datetime) -> "Ours":
        """Return the rules as on the first start: every probe is unproven."""
        judge = cls(policy, grid, PlatformState(policy.platform))
        judge.hear(Restarted(None), now)
        return judge

    def copy(self) -> "Ours":
        """Return another judge that holds the same now. States are values: nothing is shared that changes."""
        return Ours(self.policy, self._grid, self.state)

    @property
    def is_ready(self) -> bool:
        """See `Judge`."""
        return self.state.flag.state is FlagState.READY

    @property
    def is_quiet(self) -> bool:
        """See `Judge`."""
        return quiet.is_quiet(self.state)

    def due(self, probe: str, ended_at: datetime | None, now: datetime) -> tuple[datetime, Attempt]:
        """See `Judge`."""
        held, policy = self.state.probes[probe], self.policy.probes[probe]
        return next_attempt(held, policy, slots=self._slots[probe], last_ended_at=ended_at, now=now)

    def needs_control(self, probe: str) -> bool:
        """See `Judge`: as the scheduler asks them."""
        held = self.state.probes[probe]
        return not self.state.blind and (completes_round(held, self.policy.probes[probe]) or is_believed_bad(held))

    def is_suspect(self, probe: str) -> bool:
        """See `Judge`: as the scheduler asks them."""
        held = self.state.probes[probe]
        return self.needs_control(probe) and (round_is_on(held) or is_believed_bad(held))

    def is_pressed(self, probe: str) -> bool:
        """See `Judge`: something of its function's deciding set is being confirmed, or is bad."""
        if self.is_ready:
            return False
        members = probes_of(self.policy, self.policy.probes[probe].function)
        deciding = [each.name for each in deciding_set(members)]
        held = (self.state.probes[name] for name in deciding)
        return probe in deciding and any(round_is_on(each) or each.phase is Phase.BAD for each in held)

    def hear(self, event: Event, now: datetime) -> tuple[str, ...]:
        """See `Judge`."""
        step = advance(self.state, self.policy, event, now)
        self.state, self.wake_at, self.facts = step.state, step.wake_at, step.facts
        return step.calls

    def pass_by(self, passed: Mapping[str, Passed], now: datetime) -> None:
        """See `Judge`."""
        self.state = quiet.passed_by(self.state, self.policy, passed, now)
        self.wake_at = self.state.wake_at


def deciding_only(policy: PlatformPolicy) -> PlatformPolicy:
    """Return the policy with the probes from which an outage can come: of critical functions, and first-hand."""
    critical = {probe.function for probe in policy.probes.values() if probe.critical}
    kept = {
        name: probe
        for name, probe in policy.probes.items()
        if probe.function in critical and probe.role is not Role.SECOND_HAND and _matters(probe, policy)
    }
    return replace(policy, probes=kept)


def _matters(probe: ProbePolicy, policy: PlatformPolicy) -> bool:
    return probe.critical or probe in deciding_set(probes_of(policy, probe.function))
