"""The rule that most monitors have, to compare ours with: down after so many failures in a row.

- Every probe is tried on its grid and never out of turn. The first good outcome ends the row, and the alarm.
- What could not be measured counts as a failure: such monitors know two outcomes (`probe_success`, exit status).
- Nobody asks whether it is us.
- N in a row is what a pinger calls retries or a failure threshold. Prometheus with `for: D` on blackbox_exporter's
  `probe_success == 0` is N = D / interval + 1, if rules are evaluated as often as is probed.
- A function is down while all probes of its deciding set are, the platform while a critical function is, as with ours.
- An alarm that comes back within `lower_after` of its end is the same one, as with ours.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.model.event import Event, Observed
from monitor.model.outcome import Attempt
from monitor.model.policy import PlatformPolicy
from monitor.model.state import ProbeState
from monitor.model.verdict import Phase
from monitor.rules.function import deciding_set, probes_of
from monitor.rules.quiet import Passed
from monitor.rules.schedule import Grid, Slots, next_attempt


class InARow:
    """So many failures in a row, on every probe of a platform."""

    def __init__(self, policy: PlatformPolicy, grid: Grid, times: int) -> None:
        self.policy = policy
        self.times = times
        self.wake_at: datetime | None = None
        self._slots = {name: Slots(policy.platform, name, grid) for name in policy.probes}
        self._grid = grid
        self._good = ProbeState("", Phase.GOOD)
        self._failures = dict.fromkeys(policy.probes, 0)
        functions = {probe.function for probe in policy.probes.values() if probe.critical}
        self._deciding = [
            frozenset(probe.name for probe in deciding_set(probes_of(policy, function)))
            for function in sorted(functions)
        ]
        self._is_down = False

    def copy(self) -> "InARow":
        """Return another judge of the same rule, with everything good."""
        return InARow(self.policy, self._grid, self.times)

    @property
    def is_ready(self) -> bool:
        """See `Judge`: down, or was down so lately that it is the same alarm."""
        return self._is_down or self.wake_at is not None

    @property
    def is_quiet(self) -> bool:
        """See `Judge`."""
        return not self.is_ready and not any(self._failures.values())

    def due(self, probe: str, ended_at: datetime | None, now: datetime) -> tuple[datetime, Attempt]:
        """See `Judge`: always the next slot."""
        policy = self.policy.probes[probe]
        return next_attempt(self._good, policy, slots=self._slots[probe], last_ended_at=ended_at, now=now)

    def needs_control(self, _probe: str) -> bool:
        """See `Judge`: never."""
        return False

    def is_suspect(self, _probe: str) -> bool:
        """See `Judge`: never."""
        return False

    def is_pressed(self, probe: str) -> bool:
        """See `Judge`: a row has begun in its deciding set."""
        if self.is_ready:
            return False
        return any(probe in names and any(self._failures[name] for name in names) for names in self._deciding)

    def hear(self, event: Event, now: datetime) -> tuple[str, ...]:
        """See `Judge`."""
        if isinstance(event, Observed):
            failures = 0 if event.outcome.is_good else self._failures[event.probe] + 1
            self._failures[event.probe] = failures
            self._judge(now)
        elif self.wake_at is not None and now >= self.wake_at:
            self.wake_at = None
        return ()

    def pass_by(self, passed: Mapping[str, Passed], now: datetime) -> None:
        """See `Judge`: nothing is kept of good outcomes."""

    def _judge(self, now: datetime) -> None:
        down = any(all(self._failures[name] >= self.times for name in names) for names in self._deciding)
        if self._is_down and not down:
            self.wake_at = now + self.policy.lower_after
        elif down:
            self.wake_at = None
        self._is_down = down


def as_often(policy: PlatformPolicy, factor: float) -> PlatformPolicy:
    """Return the policy with all intervals longer by a factor, so that it costs as many attempts as another rule."""
    longer = {
        name: replace(
            probe, interval=timedelta(microseconds=round(probe.interval / timedelta(microseconds=1) * factor))
        )
        for name, probe in policy.probes.items()
    }
    return replace(policy, probes=longer)
