"""The runs that the evidence directory knows of, by their journals.

Rules:
- Each directory in it that holds a journal is a run; what else lies there is left alone.
- A run is what its journal says as far as it is whole: the verdict is that of its last entry, and a run whose journal
  was cut short, or changed, is not closed by it.
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
from drills.model.verdict import Verdict
from drills.ports import PastRuns
from drills.settings.root import DrillFile
from glasswatch.errors import NotMeasured


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
    first, final = reading.entries[0], reading.entries[-1]
    opened, closed = reading.entries[0].event, final.event
    is_closed = isinstance(closed, Closed) and reading.problem is None
    return PastRun(
        run=first.run,
        scenario=opened.scenario,
        sha256=opened.scenario_sha256,
        at=final.at if is_closed else first.at,
        verdict=Verdict(closed.verdict) if isinstance(closed, Closed) and is_closed else Verdict.OPEN,
        why=closed.detail if isinstance(closed, Closed) else (reading.problem.what if reading.problem else ""),
        is_real=any(step.is_real for step in opened.steps),
    )


def places(settings: DrillFile) -> tuple[PastRuns, ...]:
    """Return everybody who knows of runs: this machine, and the monitor where one is set."""
    return (LocalRuns(settings.drill.directory),)
