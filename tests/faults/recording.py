"""What a scenario left behind, as an outsider saw it: all that the invariants are judged from.

Everything is dated by the recorder's own clock, whatever the monitor's said. Nothing here decides.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tests.support.siege import Span


class Promised(StrEnum):
    """What a monitor promises about an outage."""

    READY = "ready"  # a reader that asks anywhere is let in
    FILE = "file"  # one that reads the published file is
    PAGE = "page"  # somebody is paged


EVERYTHING = frozenset(Promised)


@dataclass(frozen=True, slots=True)
class Pace:
    """The documented times that follow from the settings. `slack` is what a busy machine may add."""

    interval: timedelta
    timeout: timedelta
    attempts: int
    every: timedelta
    lower_after: timedelta
    ready_ttl: timedelta
    slack: timedelta = timedelta(seconds=15)

    @property
    def confirms(self) -> timedelta:
        """The least time that confirming takes: nothing is believed before."""
        return (self.attempts - 1) * self.every

    @property
    def detects(self) -> timedelta:
        """The longest time until an outage is confirmed: one that begins just after an attempt, and hangs."""
        return self.interval + self.attempts * self.timeout + self.confirms

    @property
    def tells(self) -> timedelta:
        """The longest time from there to flag and page: how long a record is waited for, and two tries of a page."""
        return timedelta(seconds=6)

    @property
    def lowers(self) -> timedelta:
        """The longest time from the mending to the sealing: until the last 20 outcomes are good, and `lower_after`."""
        return 21 * self.interval + self.timeout + self.lower_after

    @property
    def stale(self) -> timedelta:
        """How old the last measurement of what is up may be."""
        return 3 * self.interval + self.timeout


@dataclass(frozen=True, slots=True)
class Hindrance:
    """A span in which some of the promises can't be kept, and why that is known beforehand."""

    span: Span
    hinders: frozenset[Promised]
    why: str


@dataclass(frozen=True, slots=True)
class Document:
    """A signed flag when it was first seen at a source, and what the strict reader made of it.

    `state` is what it lets in (None: refused, and `refusal` says why).
    """

    at: datetime
    source: str
    sha256: str
    state: str | None
    refusal: str | None
    expires: datetime | None = None
    ver: int = 0
    change: int = 0
    prev: str | None = None
    log_seq: int = 0
    outage_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One answer of `/api/v1/status`. `measured_at`: when its most neglected critical function was measured last."""

    at: datetime
    verdict: str
    blind: bool
    measured_at: datetime | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A page at a receiver. Lost is one that was taken, with a receipt, and reached nobody."""

    at: datetime
    receiver: str
    page: str
    key: str
    kind: str
    status: str
    is_accepted: bool = True
    is_lost: bool = False
    is_unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """A page that the store says was decided."""

    page: str
    key: str
    status: str


@dataclass(frozen=True, slots=True)
class Measured:
    """An outcome that the store says was found, believed or not."""

    at: datetime
    kind: str


@dataclass
class Recording:
    """A scenario from begin to end.

    `bad`: when the platform was. `dead`: when no monitor ran; `frozen`: when it stood still. `unseeing`: when no
    control answered. `stalls`: when we ourselves stood still, and the platform with us. `receivers`: those that every
    page goes to. `is_told`: the end was waited for in peace, so that nothing is under way but pages of the kinds that
    are `lasting`. `is_restored`: an old store was put back. `is_clock_true`: the monitor's clock was right throughout.
    """

    pace: Pace
    receivers: tuple[str, ...] = ()
    bad: list[Span] = field(default_factory=list)
    dead: list[Span] = field(default_factory=list)
    frozen: list[Span] = field(default_factory=list)
    unseeing: list[Span] = field(default_factory=list)
    stalls: list[Span] = field(default_factory=list)
    hindrances: list[Hindrance] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    alive: list[Span] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    ended: datetime | None = None
    is_told: bool = False
    lasting: frozenset[str] = frozenset()
    is_restored: bool = False
    is_clock_true: bool = True

    @property
    def away(self) -> list[Span]:
        """When nobody watched."""
        return sorted((*self.dead, *self.frozen), key=lambda span: span.start)

    @property
    def sources(self) -> list[str]:
        """Where documents were seen."""
        return sorted({document.source for document in self.documents})

    def until(self) -> datetime:
        """Return when it ended."""
        assert self.ended is not None, "the recording goes on"
        return self.ended
