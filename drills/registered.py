"""The runs that the monitor knows of: those that were opened there."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from drills.model.calendar import PastRun
from drills.model.found import Value
from drills.model.verdict import Verdict
from drills.monitor import Means, MonitorClient
from drills.settings.root import MonitorReachSettings
from glasswatch.clock import Clock
from glasswatch.secrets import SecretReference, resolve
from monitor.wire.drills import DrillCalendarAnswer, RunAnswer, RunsAnswer


class Asked(Protocol):
    """The monitor, as far as it is asked here."""

    async def runs(self) -> RunsAnswer:
        """Return the runs that were opened there."""
        ...

    async def calendar(self) -> DrillCalendarAnswer:
        """Return what is due there."""
        ...


class MonitorRuns:
    """`PastRuns` of the monitor: the runs that were opened there."""

    def __init__(self, monitor: Asked) -> None:
        self._monitor = monitor

    async def runs(self) -> Sequence[PastRun]:
        """See `PastRuns`."""
        answer = await self._monitor.runs()
        return tuple(_there(run) for run in answer.runs)

    async def never_passed(self) -> Mapping[str, datetime]:
        """See `PastRuns`: the monitor counts such a scenario as due from when it first knew of it."""
        answer = await self._monitor.calendar()
        return {each.scenario: each.due for each in answer.scenarios if each.last_passed is None}


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
        residue=run.residue if is_closed else (),
    )


def at_monitor(reach: MonitorReachSettings, within: timedelta, clock: Clock) -> MonitorRuns:
    """Return the runs of the monitor that the settings name."""
    return MonitorRuns(MonitorClient(reach, Means(clock, read_secret, within.total_seconds())))


def read_secret(reference: SecretReference) -> Value:
    """Read a secret by its reference.

    Raises:
        SecretUnavailable: it can't be had.
    """
    return Value(resolve(reference).reveal(), is_secret=True)
