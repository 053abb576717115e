"""The runs that are known of: by the journals in the evidence directory. Those at the monitor are `registered`'s.

Rules:
- Each directory in it that holds a journal is a run; what else lies there is left alone.
- A run came to what its journal comes to (`rules.verdict`), not to what anybody says of it. One whose journal was
  changed did not pass.
- A run whose journal can't be read counts as open: something may be left behind.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from drills.errors import JournalUnreadable
from drills.journal.reading import JOURNAL, Reading, read
from drills.model.calendar import PastRun
from drills.model.event import Began, Closed, Opened
from drills.model.verdict import Verdict
from drills.ports import PastRuns
from drills.rules.verdict import judge
from drills.settings.root import DrillFile
from glasswatch.clock import Clock
from glasswatch.errors import NotMeasured
from glasswatch.interrupt import Loading


class LocalRuns:
    """`PastRuns` of an evidence directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def runs(self) -> Sequence[PastRun]:
        """See `PastRuns`."""
        return await asyncio.to_thread(lambda: tuple(_runs(self._directory)))

    async def never_passed(self) -> Mapping[str, datetime]:
        """Return nothing: a directory does not say since when there is a scenario."""
        return {}


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
        acted=any(isinstance(entry.event, Began) for entry in reading.entries),
        residue=result.residue if closed else (),
    )


def places(settings: DrillFile, clock: Clock) -> tuple[PastRuns, ...]:
    """Return everybody who knows of runs: this machine, and the monitor where one is set."""
    here = LocalRuns(settings.drill.directory)
    reach = settings.drill.monitor
    if reach is None:
        return (here,)
    with Loading():
        from drills.registered import at_monitor  # noqa: PLC0415 - its client is loaded only where there is a monitor

    return (here, at_monitor(reach, settings.drill.ready_within, clock))
