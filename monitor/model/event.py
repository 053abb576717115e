"""What can happen to a platform's state. The only way to change it is to give one of these to the rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.model.act import Act, Hand
from monitor.model.copy import Copy, Lag
from monitor.model.maintenance import Planned
from monitor.model.outcome import Outcome
from monitor.model.published import PublishedFlag
from monitor.model.record import FlagDocument
from monitor.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Observed:
    """A probe made an attempt.

    `control_answered` is None unless the attempt could complete a round of confirmation; then it says whether a
    control answered during the round.
    """

    probe: str
    outcome: Outcome
    ended_at: datetime
    control_answered: bool | None = None


@dataclass(frozen=True, slots=True)
class BlindnessChanged:
    """This vantage can't see (no control answers), or sees again."""

    blind: bool


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed: what depends on it alone is judged again."""


@dataclass(frozen=True, slots=True)
class VotesChanged:
    """What the other vantages see, by vantage name. Empty where this is the only one."""

    others: Mapping[str, Verdict]


@dataclass(frozen=True, slots=True)
class Restarted:
    """The monitor came back. `last_alive_at` is when it last showed a sign of life; None for a first start.

    `published` is its own flag as readers see it, where that is not on record.
    """

    last_alive_at: datetime | None
    published: PublishedFlag | None = None


@dataclass(frozen=True, slots=True)
class CopyJudged:
    """A copy of the flag fell behind, expired, or caught up. It changes nothing but what people are told."""

    copy: Copy
    lag: Lag


@dataclass(frozen=True, slots=True)
class VersionJudged:
    """Readers can't accept the flag as signed, or can again. It changes nothing but what people are told."""

    document: FlagDocument


@dataclass(frozen=True, slots=True)
class PersonActed:
    """A person acts on the flag, or on maintenance."""

    act: Act
    hand: Hand


@dataclass(frozen=True, slots=True)
class MaintenanceTold:
    """A status page tells of these maintenances, and of no others."""

    probe: str
    planned: tuple[Planned, ...]


@dataclass(frozen=True, slots=True)
class ClockSetBack:
    """The clock shows an earlier time than it did, by so much; nobody was away."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class Reconfigured:
    """The settings changed while the monitor watched. `changed` are the probes that are new or run otherwise now."""

    changed: frozenset[str]


@dataclass(frozen=True, slots=True)
class ExerciseDetected:
    """The probes of an exercise were confirmed bad, so many seconds after it began."""

    id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Unwatched:
    """The platform went out of the settings: nobody watches it from here on."""


Event = (
    Observed
    | BlindnessChanged
    | Ticked
    | VotesChanged
    | Restarted
    | CopyJudged
    | VersionJudged
    | PersonActed
    | MaintenanceTold
    | ClockSetBack
    | Reconfigured
    | ExerciseDetected
    | Unwatched
)
