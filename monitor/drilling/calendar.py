"""Watches the calendar of drills: what is due or overdue is told, and shown.

1. Since when a scenario is known, and what fires of it, is kept in the store: it is resolved after a restart as well,
   also where the scenario has left the settings meanwhile. It is kept after it was handed to the outbox: killed in
   between, it is told once more under the same key.
2. What is on record of runs is read once, and again after one was closed.
3. By a clock that is wrong nothing becomes due, and no scenario becomes known.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from glasswatch.clock import Clock
from monitor.errors import StoreError, StoreUnusable
from monitor.model.drill import (
    CalendarKept,
    CalendarLine,
    CalendarRecord,
    DrillFigures,
    DrillQuery,
    DrillRun,
    DueLine,
    DueState,
)
from monitor.model.page import Page
from monitor.rules.drillcalendar import Here, due_line, gone, past, tickets
from monitor.store.codec import decode, encode

LOOK_SECONDS: Final = 60.0
PLACE: Final = "drill_calendar"
_RUNS: Final = 500  # how many closed runs are looked at for what metrics and page show
_HISTORY: Final = 4  # runs of a scenario, a year of quarters

log = logging.getLogger("glasswatch.drills")


class CalendarStore(Protocol):
    """The part of the store that it needs. Every method may raise `StoreUnavailable`."""

    async def drill_runs(self, query: DrillQuery) -> Sequence[DrillRun]:
        """Return runs, newest opened first."""
        ...

    async def place(self, watcher: str) -> str | None:
        """Return what was kept."""
        ...

    async def keep_place(self, watcher: str, at: str) -> None:
        """Keep something."""
        ...


@dataclass(frozen=True, slots=True)
class CalendarContext:
    """What the watch works with. `lines` returns the calendar in force; `tell` takes a page, `show` what is found."""

    here: Here
    store: CalendarStore
    clock: Clock
    lines: Callable[[], Sequence[CalendarLine]]
    tell: Callable[[Page], None]
    show: Callable[[DrillFigures], None]
    is_trusted: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class _Read:
    """What was read of runs: by scenario those that were real, what the last one measured, and its last runs.

    `passed`: the scenarios that ever passed.
    """

    real: dict[str, dict[str, DrillRun]] = field(default_factory=dict)
    passed: set[str] = field(default_factory=set)
    spans: dict[str, Mapping[str, float]] = field(default_factory=dict)
    history: dict[str, tuple[DrillRun, ...]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def runs(self, scenario: str) -> Sequence[DrillRun]:
        """Return the real runs of a scenario."""
        return tuple(self.real.get(scenario, {}).values())

    def passed_by(self, now: datetime) -> dict[str, datetime]:
        """Return by scenario when it passed last."""
        found = {scenario: past(self.runs(scenario), now).passed for scenario in self.passed}
        return {scenario: at for scenario, at in found.items() if at is not None}


class CalendarWatch:
    """Runs until cancelled."""

    def __init__(self, context: CalendarContext) -> None:
        self._context = context
        self._record: CalendarRecord | None = None
        self._is_kept = True
        self._read: _Read | None = None
        self._is_stale = False
        self._figures = DrillFigures()
        self._wanted = asyncio.Event()
        self._looking = asyncio.Lock()

    def renew(self) -> None:
        """Have what is on record read anew: a run was closed, or the calendar is another. Never waits."""
        self._is_stale = True
        self._wanted.set()

    def due(self) -> Sequence[DueLine]:
        """Return the scenarios that are due or overdue, as they were found last."""
        return [each for each in self._figures.lines if each.state is not DueState.NOT_DUE]

    def history(self) -> Mapping[str, Sequence[DrillRun]]:
        """Return by scenario its last runs that were closed, newest first, as they were found last."""
        return self._figures.history

    async def calendar(self) -> Sequence[DueLine]:
        """Return where every scenario of the calendar stands that is known.

        Raises:
            StoreUnavailable: it was never read, and can't be now.
        """
        await self._see()
        return self._figures.lines

    async def run(self) -> None:
        """Look again and again."""
        self._wanted.set()
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wanted.wait()
            except TimeoutError:
                pass
            self._wanted.clear()
            await self.look()

    async def look(self) -> None:
        """Look at every scenario of the calendar."""
        try:
            await self._see()
        except StoreError as fault:
            log.info("drill_calendar_not_seen", extra={"fields": {"error": str(fault)}})
        except Exception:
            # A mistake of ours here costs reminders, and never the monitor.
            log.exception("drill_calendar_fault")

    async def _see(self) -> None:
        async with self._looking:
            context = self._context
            record, read = await self._kept(), await self._runs()
            now, is_trusted = context.clock.now(), context.is_trusted()
            lines: list[DueLine] = []
            after: dict[str, CalendarKept] = {}
            for line in context.lines():
                kept = record.kept.get(line.scenario)
                if kept is None and not is_trusted:
                    continue
                kept = kept or CalendarKept(now)
                found = due_line(line, past(read.runs(line.scenario), now), kept.known_since, now)
                lines.append(found if is_trusted else replace(found, state=kept.told))
                after[line.scenario] = self._told(found, kept, now) if is_trusted else kept
            self._tell_of_gone(record, now)
            self._figures = DrillFigures(read.passed_by(now), dict(read.spans), tuple(lines), dict(read.history))
            context.show(self._figures)
            await self._keep(CalendarRecord(after))

    def _tell_of_gone(self, record: CalendarRecord, now: datetime) -> None:
        named = {line.scenario for line in self._context.lines()}
        for scenario, kept in record.kept.items():
            if scenario not in named:
                for page in gone(self._context.here, scenario, kept, now):
                    self._context.tell(page)

    def _told(self, found: DueLine, kept: CalendarKept, now: datetime) -> CalendarKept:
        """Tell what is to be told of a scenario; return what is to be kept of it."""
        for page in tickets(self._context.here, found, kept, now):
            self._context.tell(page)
        return CalendarKept(kept.known_since, found.state, found.line.platform)

    async def _kept(self) -> CalendarRecord:
        if self._record is None:
            text = await self._context.store.place(PLACE)
            try:
                self._record = CalendarRecord() if text is None else decode(CalendarRecord, text, what="the calendar")
            except StoreUnusable as fault:
                # Begun anew: what was never passed is due again from now on, which is the safe side.
                log.error("drill_calendar_unreadable", extra={"fields": {"error": str(fault)}})  # noqa: TRY400
                self._record = CalendarRecord()
        return self._record

    async def _keep(self, record: CalendarRecord) -> None:
        if record == self._record and self._is_kept:
            return
        self._record, self._is_kept = record, False  # what was told is not told again, whether it can be kept or not
        await self._context.store.keep_place(PLACE, encode(record))
        self._is_kept = True

    async def _runs(self) -> _Read:
        """Return what is on record of runs, read anew where that may have changed."""
        read = self._read
        if read is None or self._is_stale:
            self._read, self._is_stale = None, False  # before reading: what is closed meanwhile may be missing
            read = _Read()
            for run in await self._context.store.drill_runs(DrillQuery(is_closed=True, limit=_RUNS)):
                _take(read, run)
                before = read.history.get(run.opening.scenario, ())
                read.history[run.opening.scenario] = (*before, run)[:_HISTORY]
            self._read = read
        for line in self._context.lines():
            has_passed = past(read.runs(line.scenario), self._context.clock.now()).passed is not None
            if not has_passed and line.scenario not in read.asked:
                query = DrillQuery(scenario=line.scenario, is_passed=True, limit=_RUNS)
                for run in await self._context.store.drill_runs(query):
                    _take(read, run)
                read.asked.add(line.scenario)
        return read


def _take(read: _Read, run: DrillRun) -> None:
    """Take in a closed run; the newest come first."""
    scenario = run.opening.scenario
    if run.opening.is_real and run.closings:
        read.spans.setdefault(scenario, run.closings[0].spans)
        read.real.setdefault(scenario, {})[run.id] = run
    if run.passed_at is not None:
        read.passed.add(scenario)
