"""What people do to a platform's flag, and what of it is left standing (design 3.4). Maintenance has a module."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model.exercise import ExerciseAct
from monitor.model.maintenance import WindowAct


@dataclass(frozen=True, slots=True)
class Raise:
    """Mark break-glass ready by hand, for so long."""

    reason: str
    span: timedelta
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Renew:
    """Let a cause hold for so long from now: a manual one, or an outage that rests on an unknown verdict."""

    cause: str
    reason: str
    span: timedelta
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Lower:
    """End what people and drills raised."""

    reason: str


@dataclass(frozen=True, slots=True)
class Inhibit:
    """Hold closed what outages raise, for so long."""

    reason: str
    span: timedelta


@dataclass(frozen=True, slots=True)
class EndInhibit:
    """Hold it closed no longer."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Confirm:
    """Be the second person of what another one asked for."""

    request: str


Act = Raise | Renew | Lower | Inhibit | EndInhibit | Confirm | WindowAct | ExerciseAct


@dataclass(frozen=True, slots=True)
class Hand:
    """Who acts, and by which token. `key` is the client's own name for this act: sent twice, it is done once."""

    person: str
    token: str
    key: str = ""


class ActKind(StrEnum):
    """What was done: what another person must confirm was only asked for."""

    RAISE_ASKED = "raise_asked"
    RAISE = "raise"
    RENEW = "renew"
    LOWER = "lower"
    INHIBIT_ASKED = "inhibit_asked"
    INHIBIT = "inhibit"
    INHIBIT_END = "inhibit_end"


class RequestKind(StrEnum):
    """What can wait for a second person."""

    RAISE = "raise"
    INHIBIT = "inhibit"


@dataclass(frozen=True, slots=True)
class Request:
    """What one person asked for and another must confirm, exactly as it was asked for.

    Half-open: it can be confirmed in `[asked_at, expires_at)`. `span` counts from the confirmation.
    """

    id: str
    kind: RequestKind
    by: str
    token: str
    reason: str
    span: timedelta
    asked_at: datetime
    expires_at: datetime
    ticket: str | None = None


@dataclass(frozen=True, slots=True)
class Inhibition:
    """Two persons hold closed what outages raise. Half-open: `[since, until)`."""

    id: str
    by: str
    confirmed_by: str
    reason: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """Since when what outages raise has been held closed, by one inhibition after another.

    `opened_at`: since when nothing holds it closed; None while something does.
    """

    since: datetime
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """A person lets an outage cause rest on an unknown verdict until an instant, though `unknown_max` is over."""

    cause: str
    by: str
    until: datetime


class Answer(StrEnum):
    """What became of an act."""

    DONE = "done"
    PENDING = "pending"  # another person must confirm it
    NOT_POSSIBLE = "not_possible"
    NO_SUCH = "no_such"
    TOO_MANY = "too_many"  # and it stays so, until the instant that the line says


@dataclass(frozen=True, slots=True)
class Ruling:
    """What became of an act, and why, in one line. `subject`: the cause, request or inhibition that it is about."""

    answer: Answer
    line: str
    subject: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether nothing was done."""
        return self.answer in (Answer.NOT_POSSIBLE, Answer.NO_SUCH, Answer.TOO_MANY)


@dataclass(frozen=True, slots=True)
class Acted:
    """The answer to who acted. `is_recorded`: all that it led to is in the store."""

    ruling: Ruling
    is_recorded: bool


@dataclass(frozen=True, slots=True)
class Remembered:
    """An act that was done, so that the same one sent again is answered and not done again."""

    key: str  # empty: it had none
    person: str
    digest: str  # of what was asked for: one key names one act
    answer: Answer
    line: str
    subject: str | None


@dataclass(frozen=True, slots=True)
class Acts:
    """What people's acts left standing on a platform, beside its causes.

    `stretch`: the latest one in which outages were held closed. `warned`: up to which instant people were warned that
    a cause ends, by its id. `news`: until when people are told of what left the flag sealed, by its name. `done`: the
    latest acts, oldest first. `count`: how many acts were done, ever; it tells their pages apart.
    """

    requests: tuple[Request, ...] = ()
    inhibition: Inhibition | None = None
    stretch: Stretch | None = None
    renewal: Renewal | None = None
    warned: Mapping[str, datetime] = field(default_factory=dict)
    news: Mapping[str, datetime] = field(default_factory=dict)
    done: tuple[Remembered, ...] = ()
    count: int = 0
