"""Runs of drills as a drill tells of them, and the monitor's desk for them over a store in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from glasswatch.flag.keys import SigningKey, generate
from monitor.drilling.desk import DrillDesk, Keeping, Telling
from monitor.metrics.book import MetricsBook
from monitor.model.drill import (
    Cadence,
    DrillRun,
    JournalHead,
    RunClosing,
    RunOpening,
    RunTold,
    RunVerdict,
)
from monitor.model.page import Page
from monitor.model.record import AuditEntry, RoutedPage
from monitor.rules.drillcalendar import Here
from monitor.settings.drills import CalendarSettings, DrillsSettings
from monitor.storegate import StoreGate
from tests.support.clock import START, ManualClock
from tests.support.memory_store import Disk, MemoryStore

RUN = "restore-20260301t030000z-abcdef"
CHANNELS = ("pager", "chat")


def hash_of(seq: int, journal: str = "a") -> str:
    """Return a hash for an entry; another journal has others."""
    return f"{journal}{seq:063x}"


def head(seq: int, journal: str = "a") -> JournalHead:
    """Return where a journal ends."""
    return JournalHead(seq, hash_of(seq, journal))


def opening(
    run: str = RUN,
    *,
    scenario: str = "restore",
    platform: str = "payments",
    at: datetime = START,
    is_real: bool = True,
) -> RunOpening:
    """Return what is told of a run that begins; it is to last for an hour."""
    return RunOpening(
        run=run,
        scenario=scenario,
        title="Get in without the platform",
        owner="sre",
        platform=platform,
        operator="anna",
        scenario_sha256="5" * 64,
        cadence="quarterly",
        is_real=is_real,
        until=at + timedelta(hours=1),
        head=head(3),
    )


def closing(
    verdict: RunVerdict = RunVerdict.PASSED,
    *residue: str,
    seq: int = 9,
    spans: Mapping[str, float] | None = None,
) -> RunClosing:
    """Return how a run ended."""
    return RunClosing(verdict, "as it was", {"detect": 12.5} if spans is None else spans, {}, residue, head(seq))


def begun(at: datetime = START, **given: object) -> DrillRun:
    """Return a run that was opened."""
    told = opening(at=at, **given)  # type: ignore[arg-type]  # as `opening` takes it
    return DrillRun(told, at, "drills-1", at, told.head)


def ended(run: DrillRun, at: datetime, *closings: RunClosing) -> DrillRun:
    """Return a run that was closed, as it was told."""
    told = RunTold.RESIDUE if closings[-1].residue else RunTold.NOTHING
    return replace(run, closings=closings, closed_at=at, heard_at=at, head=closings[-1].head, told=told)


@dataclass
class DrillLife:
    """The desk over a disk, and what it told."""

    store: MemoryStore = field(default_factory=MemoryStore)
    clock: ManualClock = field(default_factory=ManualClock)
    calendar: Mapping[str, Cadence] = field(default_factory=dict)
    key: SigningKey = field(default_factory=generate)
    is_trusted: bool = True
    pages: list[Page] = field(default_factory=list)
    noted: list[tuple[AuditEntry, str | None]] = field(default_factory=list)
    changes: int = 0
    store_changes: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Join the parts."""
        self.gate = StoreGate(lambda is_writable, _: self.store_changes.append(is_writable), 0.01)
        self.metrics = MetricsBook((), "0")
        keeping = Keeping(
            store=self.store,
            gate=self.gate,
            clock=self.clock,
            note=lambda entry, platform: self.noted.append((entry, platform)),
            moved=lambda _: None,
            is_trusted=lambda: self.is_trusted,
        )
        telling = Telling(self.metrics.drills, lambda _: CHANNELS, self._submit, self._changed)
        self.desk = DrillDesk(Here("prod", "main"), settings(self.calendar), keeping, telling)
        self.desk.sign_with(self.key)

    def again(self, seconds: float = 0) -> "DrillLife":
        """Return the next run of the monitor on the same disk, so much later."""
        later = ManualClock(self.clock.now() + timedelta(seconds=seconds))
        return DrillLife(MemoryStore(self.store.disk), later, self.calendar, self.key)

    @property
    def told(self) -> list[tuple[str, str]]:
        """The pages that were handed to the outbox: kind and status."""
        return [(page.kind.value, page.status.value) for page in self.pages]

    @property
    def disk(self) -> Disk:
        """What is on record."""
        return self.store.disk

    def lines(self, metric: str) -> list[str]:
        """Return the lines of a metric."""
        return [line for line in self.metrics.render().decode().splitlines() if line.startswith(f"{metric}{{")]

    def _submit(self, routed: RoutedPage) -> None:
        self.pages.append(routed.page)

    def _changed(self) -> None:
        self.changes += 1


def settings(calendar: Mapping[str, Cadence]) -> DrillsSettings:
    """Return settings with a calendar of scenarios on `payments`."""
    lines = {
        name: CalendarSettings.model_validate({"platform": "payments", "cadence": each.value})
        for name, each in calendar.items()
    }
    return DrillsSettings(calendar=lines)
