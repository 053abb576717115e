"""The monitor as a run has it: who is told of it, and what its gates ask. Imported only where a monitor is set."""

from collections.abc import Callable

from drills.model.event import Head
from drills.model.found import Value
from drills.monitor import Means, MonitorClient
from drills.rules import gates
from drills.rules.behind import Held
from drills.rules.gates import Answer
from drills.runner.gating import Seen
from drills.settings.root import MonitorReachSettings
from glasswatch.clock import Clock
from glasswatch.errors import GlasswatchError, NotMeasured
from glasswatch.secrets import SecretReference
from monitor.wire.answers import StatusAnswer
from monitor.wire.drills import RunQuery

CLOSED = "closed"


class Eyes:
    """`drills.runner.gating.Seeing` of a monitor."""

    def __init__(self, monitor: MonitorClient) -> None:
        self._monitor = monitor

    async def look(self, platform: str) -> Seen:
        """Return what it says of itself, of the platform, and of the runs there."""
        try:
            status = await self._monitor.status()
        except GlasswatchError as fault:
            silent = Answer(holds=None, detail=str(fault))
            return Seen(silent, silent, fault)
        try:
            runs = (await self._monitor.runs(RunQuery(platform=platform))).runs
        except GlasswatchError as fault:
            return Seen(_well(status), _platform(platform, status), fault)
        left = tuple(run.run for run in runs if run.standing != CLOSED)
        closed = frozenset(run.run for run in runs if run.standing == CLOSED)
        return Seen(_well(status), _platform(platform, status), left, closed)

    async def held(self, run: str) -> Held:
        """Return what it holds of a run."""
        found = await self._monitor.run(run)
        if found is None:
            return Held(is_known=False)
        if found.quiet_seconds is None and found.standing != CLOSED:
            raise NotMeasured("the monitor does not say when it heard of the run")
        told = (await self._monitor.heads(run)).heads
        heads = [Head(each.seq, each.hash) for each in told]
        return Held(heads, found.quiet_seconds, found.heard, is_closed=found.standing == CLOSED)


def client(
    reach: MonitorReachSettings, secret: Callable[[SecretReference], Value], clock: Clock, seconds: float, run: str
) -> MonitorClient:
    """Return the client of a monitor."""
    return MonitorClient(reach, Means(clock, secret, seconds), run)


def _well(status: StatusAnswer) -> Answer:
    if status.waiting_for:
        return Answer(holds=False, detail=f"it waits for {'; '.join(status.waiting_for)}")
    return Answer(holds=True, detail=f"{status.vantage} answers, and is well")


def _platform(name: str, status: StatusAnswer) -> Answer:
    for platform in status.platforms:
        if platform.platform == name:
            # Where several vantages decide together, one that sees it down is suspicion enough.
            is_suspect = platform.vote not in ("up", "unknown") or platform.blind
            return gates.platform(platform.verdict, platform.break_glass.state, is_suspect=is_suspect)
    return Answer(holds=False, detail=f"the monitor does not watch {name}")
