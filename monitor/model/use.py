"""A use of break-glass: what a reader reported of it, what a watcher found of it, and what people said of it since."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model.page import Page
from monitor.model.record import AuditEntry, RoutedPage
from monitor.model.state import Cause
from monitor.model.verdict import FlagState


class Decision(StrEnum):
    """What a reader decided."""

    ALLOWED = "allowed"
    REFUSED = "refused"


class Via(StrEnum):
    """By what a reader let somebody in, or would have."""

    FLAG = "flag"
    ORDER = "order"
    OVERRIDE = "override"  # the loud two-person way past a reader
    UNKNOWN = "unknown"


class Judgement(StrEnum):
    """What the monitor makes of an attempt."""

    EXPECTED = "expected"
    EXERCISE = "exercise"
    UNEXPECTED = "unexpected"  # critical
    UNREPORTED = "unreported"  # found in a log; its reader still has time to report it
    REFUSED = "refused"
    LOCKED_OUT = "locked_out"  # refused although break-glass was ready


class UseClass(StrEnum):
    """What a person says that a use was."""

    DRILL = "drill"
    REAL = "real"
    MISUSE = "misuse"


@dataclass(frozen=True, slots=True)
class Report:
    """One attempt as a reader tells it.

    `id` is made by the reader and unique to the attempt. `person` is whose access it was, as far as known; `second` is
    the second person of a two-person way past a reader, and `login` the account of whoever started it, where the names
    were typed. `state`, `ver` and `code` are what the reader judged of the flag; `run` is the drill's. `told_by` is the
    person who handed it in with a token of their own; None: a machine did.
    """

    id: str
    platform: str
    reader: str
    at: datetime
    person: str | None
    target: str
    decision: Decision
    via: Via
    state: FlagState | None = None
    ver: int | None = None
    code: str | None = None
    run: str | None = None
    note: str = ""
    told_by: str | None = None
    second: str | None = None
    login: str | None = None

    @property
    def is_by_hand(self) -> bool:
        """Whether a person reported it, so that no reader vouches for it."""
        return self.told_by is not None


@dataclass(frozen=True, slots=True)
class Finding:
    """One access as a watcher found it in a log. `id` follows from the log's entry: found again, it is the same."""

    id: str
    platform: str
    watcher: str
    at: datetime
    person: str | None
    target: str
    attempt: str | None = None  # the reader's own id, where the log holds it
    second: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said of a use, and when."""

    by: str
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class Classing:
    """What a person says that a use was."""

    kind: UseClass
    said: Said


@dataclass(frozen=True, slots=True)
class Use:
    """One attempt, allowed or refused, from its first report or finding until it is closed.

    `needs_closing`: people must say something of it; else it is on record only. `paged_at` is when it was last paged
    while open. `note` is what the monitor noticed later and nobody has to be woken for.
    """

    id: str
    platform: str
    at: datetime
    received_at: datetime
    decision: Decision
    person: str | None
    target: str
    judgement: Judgement
    why: str
    needs_closing: bool
    report: Report | None = None
    finding: Finding | None = None
    classing: Classing | None = None
    rotation: Said | None = None
    closed_at: datetime | None = None
    paged_at: datetime | None = None
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether people still have to say something of it."""
        return self.needs_closing and self.closed_at is None

    @property
    def users(self) -> tuple[str, ...]:
        """Whose access it may have been: everybody whom the report, the log or the record name, and who told of it."""
        named = [each.person for each in (self.report, self.finding, self) if each is not None]
        if self.finding is not None:
            named.append(self.finding.second)
        if self.report is not None:
            named += [self.report.second, self.report.login, self.report.told_by]
        return tuple({person: None for person in named if person is not None})

    @property
    def second(self) -> str | None:
        """The second person of a two-person way past a reader, as reader or log name them."""
        named = [each.second for each in (self.report, self.finding) if each is not None]
        return next((person for person in named if person is not None), None)

    @property
    def is_critical(self) -> bool:
        """Whether it is a use that should not have been."""
        return self.judgement is Judgement.UNEXPECTED


@dataclass(frozen=True, slots=True)
class CauseSpan:
    """A cause, and from when until when it was held; None: it is held still."""

    cause: Cause
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """What the monitor held of a platform's flag around an instant. `is_known`: it was there to hold anything."""

    is_known: bool
    spans: tuple[CauseSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known around something told: uses it may be about, what was held then, and the time now."""

    known: tuple[Use, ...]
    held: Held
    now: datetime


@dataclass(frozen=True, slots=True)
class Saying:
    """What a person says of a use: what it was (None: nothing), and whether the credential was rotated."""

    by: str
    kind: UseClass | None
    is_rotated: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class NotPossible:
    """Why something can't be said of a use."""

    why: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A use that was taken in; `is_new`: not known before."""

    use: Use
    is_new: bool


@dataclass(frozen=True, slots=True)
class UsePolicy:
    """How uses are dealt with.

    `match_within`: how far apart report and finding of one access may lie; `grace`: how long one may come after the
    other; `remind_every`: how often an open one pages again.
    """

    deployment: str
    match_within: timedelta
    grace: timedelta
    remind_every: timedelta


class Happening(StrEnum):
    """What became of a use."""

    REPORTED = "reported"
    FOUND = "found"
    JOINED = "joined"  # the other side of an access that was known
    UNREPORTED = "unreported"  # no reader reported it in time: somebody got in past the reader
    NOTED = "noted"
    REMINDED = "reminded"
    CLASSED = "classed"
    ROTATED = "rotated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class UseStep:
    """What one thing told of a use led to: the use after it, a page if somebody must be told, and the audit's lines."""

    use: Use
    happening: Happening
    page: Page | None
    audit: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True)
class UseCommit:
    """One transaction on one use: what it is now, whom it wakes, and the audit's lines."""

    use: Use
    pages: tuple[RoutedPage, ...]
    audit: tuple[AuditEntry, ...]


@dataclass(frozen=True, slots=True)
class UseQuery:
    """Which uses are asked for: newest received first, at most `limit`.

    `ids` are those of uses, of reports or of findings. `target` with `since_at` and `until_at` are about the attempt
    itself; `received_since` is about when the monitor came to know.
    """

    platform: str | None = None
    is_open: bool | None = None
    received_since: datetime | None = None
    ids: tuple[str, ...] = ()
    target: str | None = None
    since_at: datetime | None = None
    until_at: datetime | None = None
    limit: int = 100
