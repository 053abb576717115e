"""The runs that the monitor knows of: those that were opened there."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from drills.model.calendar import PastRun
from drills.model.found import Value
from drills.model.verdict import Verdict
from drills.monitor import Means, MonitorClient
from drills.settings.root import MonitorReachSettings
from glasswatch.clock import Clock
from glasswatch.secrets import SecretReference, resolve
from monitor.wire.drills import RunAnswer, RunsAnswer


class Asked(Protocol):
    """The monitor, as far as it is asked here."""

    async def runs(self) -> RunsAnswer:
        """Return the runs that were opened there."""
        ...


class MonitorRuns:
    """`PastRuns` of the monitor: the runs that were opened there."""

    def __init__(self, monitor: Asked) -> None:
        self._monitor = monitor

    async def runs(self) -> Sequence[PastRun]:
        """See `PastRuns`."""
        answer = await self._monitor.runs()
        return tuple(_there(run) for run in answer.runs)


def _there(run: RunAnswer) -> PastRun:
    is_closed = run.standing == "closed"
    return PastRun(
        run=run.run,
        scenario=run.scenario,
        sha256=run.scenario_sha256,
        at=(run.closed or run.heard) if is_closed else run.opened,
        verdict=Verdict(run.verdict) if is_closed else Verdict.OPEN,
        why=run.why if is_closed else run.standing,
        where="monitor",
        is_real=run.real,
    )


def at_monitor(reach: MonitorReachSettings, within: timedelta, clock: Clock) -> MonitorRuns:
    """Return the runs of the monitor that the settings name."""
    return MonitorRuns(MonitorClient(reach, Means(clock, _read, within.total_seconds())))


def _read(reference: SecretReference) -> Value:
    return Value(resolve(reference).reveal(), is_secret=True)
