"""The runs that are known of: by the journals in the evidence directory. Those at the monitor are `registered`'s.

Rules:
- Each directory in it that holds a journal, or what lies beside one, is a run; what else lies there is left alone.
- A run came to what its journal comes to (`rules.verdict`), not to what anybody says of it. One whose journal was
  changed did not pass.
- A run that can't be looked into, or whose journal can't be read, lost its first line or is gone counts as open:
  something may be left behind.
- One whose journal is empty, with nothing beside it that says more, was not begun, if somebody else would know: a run
  does nothing before it was opened at the monitor. Where none is set it counts as open.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from drills.errors import JournalUnreadable, RunUnknown
from drills.journal import traces
from drills.journal.reading import Reading, read
from drills.model.calendar import PastRun
from drills.model.event import Began, Closed, Entry, Event, Gated, NotTold, Opened
from drills.model.verdict import Verdict
from drills.ports import PastRuns
from drills.rules import gates
from drills.rules.verdict import judge
from drills.settings.root import DrillFile
from glasswatch.clock import Clock
from glasswatch.errors import NotMeasured
from glasswatch.interrupt import Loading


class LocalRuns:
    """`PastRuns` of an evidence directory. `is_vouched`: a monitor is set, which knows of every run that was begun."""

    def __init__(self, directory: Path, *, is_vouched: bool = False) -> None:
        self._directory = directory
        self._is_vouched = is_vouched

    async def runs(self) -> Sequence[PastRun]:
        """See `PastRuns`."""
        return await asyncio.to_thread(lambda: tuple(_runs(self._directory, is_vouched=self._is_vouched)))

    async def never_passed(self) -> Mapping[str, datetime]:
        """Return nothing: a directory does not say since when there is a scenario."""
        return {}


def _runs(directory: Path, *, is_vouched: bool) -> Iterator[PastRun]:
    try:
        places = sorted(path for path in directory.iterdir() if path.name != traces.NO_RUN)
    except FileNotFoundError:
        return  # nothing was ever run here
    except OSError as error:
        raise _unread(directory, error) from None
    for place in places:
        try:
            found = _found(place, is_vouched=is_vouched)
        except OSError as error:
            raise _unread(directory, error) from None
        if found is not None:
            yield found


def _unread(directory: Path, error: OSError) -> NotMeasured:
    return NotMeasured(f"{directory}: can't be read: {error.strerror or error}")


def _found(place: Path, *, is_vouched: bool) -> PastRun | None:
    """Return the run of a directory; None where nothing of it was begun."""
    try:
        if not (place.is_dir() and traces.is_run(place)):
            return None
        return _in(place, is_vouched=is_vouched)
    except OSError as error:
        return _unreadable(place, f"it can't be looked into: {error.strerror or error}")


def _in(place: Path, *, is_vouched: bool) -> PastRun | None:
    try:
        reading = read(place)
    except JournalUnreadable as fault:
        return _unreadable(place, str(fault))
    except RunUnknown:
        return _unreadable(place, "its journal is missing") if traces.had_journal(place) else None
    if reading.entries and isinstance(reading.entries[0].event, Opened):
        return _run(reading, reading.entries[0], reading.entries[0].event)
    if reading.problem is not None:
        return _unreadable(place, f"its journal was changed: {reading.problem.what}")
    if is_vouched and not traces.was_begun(place):
        return None
    return _unreadable(place, "its journal is empty")


def _unreadable(place: Path, why: str) -> PastRun:
    """Return what is known of a run whose journal can't be read: that there is one, and since when at the latest."""
    at = datetime.fromtimestamp(place.stat().st_mtime, UTC)
    return PastRun(place.name, "", "", at, Verdict.OPEN, why)


def _run(reading: Reading, first: Entry, opened: Opened) -> PastRun:
    """Return the run of a journal that begins as it was written."""
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
        is_unopened=_is_unopened([entry.event for entry in reading.entries]),
        residue=result.residue if closed else (),
    )


def _is_unopened(events: Sequence[Event]) -> bool:
    shut = gates.shut(event for event in events if isinstance(event, Gated))
    began = any(isinstance(event, Began) for event in events)
    return not (shut or began) and any(isinstance(event, NotTold) for event in events)


def is_hollow(run: PastRun, settings: DrillFile) -> bool:
    """Whether a run that the monitor holds has its directory here, and a journal that does not speak of it."""
    return run.where == "monitor" and traces.is_run(settings.drill.directory / run.run)


def places(settings: DrillFile, clock: Clock) -> tuple[PastRuns, ...]:
    """Return everybody who knows of runs: this machine, and the monitor where one is set."""
    reach = settings.drill.monitor
    here = LocalRuns(settings.drill.directory, is_vouched=reach is not None)
    if reach is None:
        return (here,)
    with Loading():
        from drills.registered import at_monitor  # noqa: PLC0415 - its client is loaded only where there is a monitor

    return (here, at_monitor(reach, settings.drill.ready_within, clock))
