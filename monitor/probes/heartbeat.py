"""The `heartbeat` probe: looks at what was heard of a program that tells how it is.

It asks nobody anything. Where nobody listens (`monitor probe`) nothing is measured.
"""

from datetime import datetime

from monitor.model.beat import Rhythm
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.ports import Probe
from monitor.probes.context import ProbeContext
from monitor.rules.expect import Judgement
from monitor.rules.heartbeat import judge
from monitor.settings.heartbeat import HeartbeatProbeSettings

_DEAF = Judgement(
    OutcomeKind.NOT_MEASURED, Reason.NOT_LISTENED, "only a running monitor hears heartbeats: ask monitor status"
)


def make(settings: HeartbeatProbeSettings, context: ProbeContext) -> Probe:
    """Return the probe."""
    return HeartbeatProbe(settings, context)


class HeartbeatProbe:
    """See the module's rules."""

    def __init__(self, settings: HeartbeatProbeSettings, context: ProbeContext) -> None:
        self._rhythm = Rhythm(settings.every, settings.grace)
        self._listening = context.listening
        self._clock = context.network.clock

    async def attempt(self, why: Attempt) -> Outcome:
        """See `monitor.ports.Probe`."""
        now = self._clock.now()
        found = self._judged(now)
        return Outcome(found.kind, found.reason, found.detail, now, 0.0, attempt=why)

    def _judged(self, now: datetime) -> Judgement:
        if self._listening is None:
            return _DEAF
        return judge(self._rhythm, self._listening(), now, self._clock.monotonic())
