"""The runs that are known of: by the journals in the evidence directory, and by the monitor.

Rules:
- Each directory in it that holds a journal is a run; what else lies there is left alone.
- A run came to what its journal comes to (`rules.verdict`), not to what anybody says of it. One whose journal was
  changed did not pass.
- A run whose journal can't be read counts as open: something may be left behind.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from drills.errors import JournalUnreadable
from drills.journal.reading import JOURNAL, Reading, read
from drills.model.calendar import PastRun
from drills.model.event import Closed, Opened
from drills.model.found import Value
from drills.model.verdict import Verdict
from drills.monitor import Means, MonitorClient
from drills.ports import PastRuns
from drills.rules.verdict import judge
from drills.settings.root import DrillFile
from glasswatch.clock import Clock
from glasswatch.errors import NotMeasured
from glasswatch.secrets import SecretReference, resolve
from monitor.wire.drills import RunAnswer


class LocalRuns:
    """`PastRuns` of an evidence directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def runs(self) -> Sequence[PastRun]:
        """See `PastRuns`."""
        return await asyncio.to_thread(lambda: tuple(_runs(self._directory)))


def _runs(directory: Path) -> Iterator[PastRun]:
    try:
        places = sorted(path for path in directory.iterdir() if (path / JOURNAL).exists())
    except FileNotFoundError:
        return  # nothing was ever run here
    except OSError as error:
        raise NotMeasured(f"{directory}: can't be read: {error.strerror or error}") from None
    for place in places:
        try:
            found = _run(read(place))
        except JournalUnreadable as fault:
            found = _unreadable(place, str(fault))
        if found is not None:
            yield found


def _unreadable(place: Path, why: str) -> PastRun:
    """Return what is known of a run whose journal can't be read: that there is one, and since when at the latest."""
    at = datetime.fromtimestamp(place.stat().st_mtime, UTC)
    return PastRun(place.name, "", "", at, Verdict.OPEN, why)


def _run(reading: Reading) -> PastRun | None:
    """Return the run of a journal; None where not even its first entry is there: nothing of it was begun."""
    if not reading.entries or not isinstance(reading.entries[0].event, Opened):
        return None
    first, opened = reading.entries[0], reading.entries[0].event
    result = judge(reading.entries)
    closed = [entry.at for entry in reading.entries if isinstance(entry.event, Closed)]
    is_changed = reading.problem is not None and bool(closed)
    return PastRun(
        run=first.run,
        scenario=opened.scenario,
        sha256=opened.scenario_sha256,
        at=closed[0] if closed else first.at,
        verdict=Verdict.FAILED if is_changed else result.verdict,
        why=f"its journal was changed: {reading.problem.what}" if reading.problem else result.why,
        is_real=any(step.is_real for step in opened.steps),
    )


class MonitorRuns:
    """`PastRuns` of the monitor: the runs that were opened there."""

    def __init__(self, monitor: MonitorClient) -> None:
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


def places(settings: DrillFile, clock: Clock) -> tuple[PastRuns, ...]:
    """Return everybody who knows of runs: this machine, and the monitor where one is set."""
    here = LocalRuns(settings.drill.directory)
    reach = settings.drill.monitor
    if reach is None:
        return (here,)
    means = Means(clock, read_secret, settings.drill.ready_within.total_seconds())
    return (here, MonitorRuns(MonitorClient(reach, means)))


def read_secret(reference: SecretReference) -> Value:
    """Read a secret by its reference.

    Raises:
        SecretUnavailable: it can't be had.
    """
    return Value(resolve(reference).reveal(), is_secret=True)
