"""The monitor's side of drills, joined: the register of runs, the calendar, and who is told of either.

What is told: pages first, then the log, the metrics and the status page.
"""

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from glasswatch.clock import Clock
from glasswatch.flag import jws
from monitor.drilling.calendar import CalendarContext, CalendarStore, CalendarWatch
from monitor.drilling.ports import Receipted, RunStore, StoodRun
from monitor.drilling.receipts import Receipts
from monitor.drilling.register import RunContext, RunNews, RunRegister
from monitor.metrics.drill_series import DrillSeries
from monitor.model.drill import (
    CalendarLine,
    DrillFigures,
    DrillQuery,
    DrillRun,
    DueLine,
    JournalHead,
    KnownHead,
    RunClosing,
    RunHappening,
    RunOpening,
    RunRefusal,
)
from monitor.model.page import Page
from monitor.model.record import AuditEntry, ChainHead, RoutedPage
from monitor.rules.drillcalendar import Here
from monitor.settings.drills import DrillsSettings
from monitor.storegate import StoreGate

log = logging.getLogger("glasswatch.drills")

_QUIET = frozenset({RunHappening.HEAD, RunHappening.ALIVE})


class DeskStore(RunStore, CalendarStore, Protocol):
    """The part of the store that drills need."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where runs are kept. `note` has a line of the audit written; `moved` hears of the audit's end.

    `is_trusted` says whether the wall clock can be believed.
    """

    store: DeskStore
    gate: StoreGate
    clock: Clock
    note: Callable[[AuditEntry, str | None], None]
    moved: Callable[[ChainHead], None]
    is_trusted: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Telling:
    """How people are told. `submit` hands a page to the outbox; `changed` has the status page made anew."""

    series: DrillSeries
    route: Callable[[Page], tuple[str, ...]]
    submit: Callable[[RoutedPage], None]
    changed: Callable[[], None]


class DrillDesk:
    """Runs and calendar: what the web face asks (`ports.Drills`), and what the daemon runs. `start` it first."""

    def __init__(self, here: Here, settings: DrillsSettings, keeping: Keeping, telling: Telling) -> None:
        self._telling = telling
        self._lines: Sequence[CalendarLine] = settings.lines()
        self._figures = DrillFigures()
        self._receipts = Receipts(f"{here.deployment}/{here.vantage}")
        self._register = RunRegister(
            RunContext(
                deployment=here.deployment,
                store=keeping.store,
                gate=keeping.gate,
                clock=keeping.clock,
                receipts=self._receipts,
                route=telling.route,
                note=keeping.note,
                moved=keeping.moved,
                tell=self._told,
                is_trusted=keeping.is_trusted,
                looked=self._count,
            )
        )
        self._calendar = CalendarWatch(
            CalendarContext(
                here=here,
                store=keeping.store,
                clock=keeping.clock,
                lines=lambda: self._lines,
                tell=self._page,
                show=self._shown,
                is_trusted=keeping.is_trusted,
            )
        )

    def sign_with(self, key: jws.Signer | None) -> None:
        """Sign receipts with this key; None: they are empty."""
        self._receipts.use(key)

    async def start(self) -> None:
        """Take up what the store holds; raises `StoreUnavailable`."""
        await self._register.start()
        self._count()

    def adopt(self, settings: DrillsSettings) -> None:
        """Go by another calendar from now on."""
        self._lines = settings.lines()
        self._calendar.renew()

    def services(self) -> list[Coroutine[Any, Any, None]]:
        """Return what runs from start to stop."""
        return [self._register.watch(), self._calendar.run()]

    async def look(self) -> None:
        """Look at the runs and at the calendar once."""
        await self._register.look()
        await self._calendar.look()

    async def open(self, opening: RunOpening, by: str) -> Receipted | RunRefusal:
        """Open a run; raises `StoreUnavailable`."""
        return await self._register.open(opening, by)

    async def tell(self, run: str, head: JournalHead, by: str) -> Receipted | RunRefusal | None:
        """Take in where a run's journal ends; None: there is no such run. Raises `StoreUnavailable`."""
        return await self._register.tell(run, head, by)

    async def close(self, run: str, closing: RunClosing, by: str) -> Receipted | RunRefusal | None:
        """Close a run; None: there is no such run. Raises `StoreUnavailable`."""
        return await self._register.close(run, closing, by)

    async def runs(self, query: DrillQuery) -> Sequence[StoodRun]:
        """Return runs as they are on record; raises `StoreUnavailable`."""
        return await self._register.runs(query)

    async def heads(self, run: str) -> Sequence[KnownHead]:
        """Return every head of a run that was told of; raises `StoreUnavailable`."""
        return await self._register.heads(run)

    async def calendar(self) -> Sequence[DueLine]:
        """Return where every scenario of the calendar stands; raises `StoreUnavailable`."""
        return await self._calendar.calendar()

    def watched(self) -> Sequence[StoodRun]:
        """Return the runs that something has to become of still."""
        return self._register.watched()

    def due(self) -> Sequence[DueLine]:
        """Return the scenarios that are due or overdue."""
        return self._calendar.due()

    def history(self) -> Mapping[str, Sequence[DrillRun]]:
        """Return by scenario its last runs that were closed, newest first."""
        return self._calendar.history()

    def _told(self, news: RunNews) -> None:
        for routed in news.pages:
            self._telling.submit(routed)
        run, happening = news.step.run, news.step.happening
        fields = {"happening": happening, "run": run.id, "scenario": run.opening.scenario, "seq": run.head.seq}
        if happening not in _QUIET:
            told = {"platform": run.opening.platform, "operator": run.opening.operator, "verdict": run.verdict or ""}
            log.info("drill", extra={"fields": {**fields, **told, "residue": len(run.residue)}})
        if happening in (RunHappening.CLOSED, RunHappening.CLEANED):
            self._calendar.renew()
        if happening not in _QUIET:
            self._telling.changed()
        self._count()

    def _count(self) -> None:
        self._telling.series.runs(each.standing for each in self._register.watched())

    def _page(self, page: Page) -> None:
        self._telling.submit(RoutedPage(page, self._telling.route(page)))

    def _shown(self, found: DrillFigures) -> None:
        if found != self._figures:
            self._figures = found
            self._telling.series.scenarios(found)
            self._telling.changed()
