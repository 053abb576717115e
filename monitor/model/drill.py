"""A run of a drill as the monitor knows it: opened here, heard of as it goes, closed. And the calendar."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.model.page import Page
from monitor.model.record import AuditEntry, RoutedPage


class RunVerdict(StrEnum):
    """How a run ended, in the drill's own words."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not_measured"
    ABORTED = "aborted"
    CLEAN_UP_FAILED = "clean_up_failed"


class RunStanding(StrEnum):
    """Where a run stands."""

    OPEN = "open"
    SILENT = "silent"  # open, and not heard of for two minutes
    OVERDUE = "overdue"  # open past its end: it counts as failed
    CLOSED = "closed"


class HeadAct(StrEnum):
    """With what a head was told."""

    OPEN = "open"
    HEAD = "head"
    CLOSE = "close"


class RunTold(StrEnum):
    """What people were told of a run and was not taken back."""

    NOTHING = ""
    OPEN = "open"  # nobody hears of it any more, or it is past its end
    RESIDUE = "residue"  # it was closed, and left something behind


class RunHappening(StrEnum):
    """What became of a run."""

    OPENED = "opened"
    HEAD = "head"
    ALIVE = "alive"  # the same head again
    HEARD_AGAIN = "heard_again"
    SILENT = "silent"
    OVERDUE = "overdue"
    CLOSED = "closed"
    CLEANED = "cleaned"  # closed again, with less left behind


@dataclass(frozen=True, slots=True)
class JournalHead:
    """Where a run's journal ends: the number and hash of its last entry."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class RunOpening:
    """What is told of a run before its first step. `until`: when it must be closed at the latest."""

    run: str
    scenario: str
    title: str
    owner: str
    platform: str
    operator: str
    scenario_sha256: str
    cadence: str
    is_real: bool
    until: datetime
    head: JournalHead


@dataclass(frozen=True, slots=True)
class RunClosing:
    """How a run ended, as it was told. `residue` names what is left behind.

    `by_hand`: a person says so, for its journal is lost.
    """

    verdict: RunVerdict
    why: str
    spans: Mapping[str, float]
    findings: Mapping[str, int]
    residue: tuple[str, ...]
    head: JournalHead
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class DrillRun:
    """One run. `by` opened it here; `closings` are all that was told of its end, in order.

    The first closing's verdict stays. Those after it can only say that less is left behind.
    """

    opening: RunOpening
    opened_at: datetime
    by: str
    heard_at: datetime
    head: JournalHead
    closings: tuple[RunClosing, ...] = ()
    closed_at: datetime | None = None
    told: RunTold = RunTold.NOTHING

    @property
    def id(self) -> str:
        """The run's name."""
        return self.opening.run

    @property
    def residue(self) -> tuple[str, ...]:
        """What is left behind, as it was told last."""
        return self.closings[-1].residue if self.closings else ()

    @property
    def verdict(self) -> RunVerdict | None:
        """How it ended; None while it is open."""
        return self.closings[0].verdict if self.closings else None

    @property
    def is_watched(self) -> bool:
        """Whether something has to become of it still: it is open, or something is left behind."""
        return not self.closings or bool(self.residue)

    @property
    def is_over(self) -> bool:
        """Whether it is closed, and nobody went on with it since."""
        return bool(self.closings) and self.head == self.closings[-1].head

    @property
    def passed_at(self) -> datetime | None:
        """When it passed, if it did on the real thing. A run that is closed late passed by its end at the latest."""
        if self.closed_at is None or self.verdict is not RunVerdict.PASSED or not self.opening.is_real:
            return None
        return min(self.closed_at, self.opening.until)


@dataclass(frozen=True, slots=True)
class KnownHead:
    """A head that was told of, when, with what, and the receipt that was given for it."""

    head: JournalHead
    at: datetime
    act: HeadAct
    receipt: str


@dataclass(frozen=True, slots=True)
class RunStep:
    """What something told of a run, or time, leads to. `act`: with what its head was told; None: with nothing new."""

    run: DrillRun
    happening: RunHappening
    act: HeadAct | None
    page: Page | None
    audit: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True)
class RunRepeat:
    """The same was told before: its receipt is the one that was given then. `act` None: whatever it was told with."""

    act: HeadAct | None
    head: JournalHead


@dataclass(frozen=True, slots=True)
class RunRefusal:
    """Why something can't be so. `audit`: what is to be noted besides the refusal."""

    why: str
    audit: tuple[AuditEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class RunCommit:
    """One transaction on one run: what it is now, a head that was told of, whom it wakes, and the audit's lines."""

    run: DrillRun
    head: KnownHead | None
    pages: tuple[RoutedPage, ...]
    audit: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True)
class DrillQuery:
    """Which runs are asked for: newest opened first, at most `limit`.

    `is_watched`: something has to become of them still. `is_passed`: they passed on the real thing.
    """

    run: str | None = None
    scenario: str | None = None
    platform: str | None = None
    since: datetime | None = None
    is_watched: bool | None = None
    is_closed: bool | None = None
    is_passed: bool | None = None
    limit: int = 100


class Cadence(StrEnum):
    """How often a scenario has to pass."""

    QUARTERLY = "quarterly"
    YEARLY = "yearly"


class DueState(StrEnum):
    """Where a scenario stands in the calendar."""

    NOT_DUE = "not_due"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """A scenario that has to pass again and again."""

    scenario: str
    platform: str
    cadence: Cadence


@dataclass(frozen=True, slots=True)
class NotPassed:
    """How a scenario's last run on the real thing was closed, and when, where it did not pass."""

    verdict: RunVerdict
    at: datetime


@dataclass(frozen=True, slots=True)
class DueLine:
    """A scenario of the calendar: when it last passed, when it is due, and from when on it is overdue.

    `not_passed`: its last run, where that did not pass. `to_come`: when a run passed, it says, that is still to come.
    """

    line: CalendarLine
    last_passed: datetime | None
    due: datetime
    overdue: datetime
    state: DueState
    not_passed: NotPassed | None = None
    to_come: datetime | None = None


@dataclass(frozen=True, slots=True)
class CalendarKept:
    """What is kept of a scenario of the calendar: since when it is known, and what is told of it, where."""

    known_since: datetime
    told: DueState = DueState.NOT_DUE
    platform: str = ""


@dataclass(frozen=True, slots=True)
class CalendarRecord:
    """What is kept of all of them."""

    kept: Mapping[str, CalendarKept] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DrillFigures:
    """What is shown of scenarios. `spans`: seconds by scenario, then by span, of the last real run that was closed.

    `history`: by scenario its last runs that were closed, newest first.
    """

    last_passed: Mapping[str, datetime] = field(default_factory=dict)
    spans: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    lines: tuple[DueLine, ...] = ()
    history: Mapping[str, tuple[DrillRun, ...]] = field(default_factory=dict)
