"""What is left of outcomes whose time is over: how many of a sort there were in an hour, and how long they took."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from monitor.model.outcome import Attempt


@dataclass(frozen=True, slots=True)
class Sort:
    """What is counted together: outcomes of one sort, in the words of `model.outcome` or of a newer version."""

    kind: str
    reason: str
    attempt: str = Attempt.SCHEDULED
    is_believed: bool = True


@dataclass(frozen=True, slots=True)
class Tally:
    """How many outcomes there were, how many of them with a warning, and how long they took.

    `spread` maps numbers of `rules.tally`'s buckets to how many took so long.
    """

    runs: int
    warned: int
    took_microseconds: int
    longest_microseconds: int
    spread: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class HourTally:
    """A tally of one probe in the hour that began at `hour_at` (in UTC)."""

    platform: str
    probe: str
    function: str
    hour_at: datetime
    sort: Sort
    tally: Tally


@dataclass(frozen=True, slots=True)
class TallyQuery:
    """Which hours are asked for: those that began from `since` on and before `until`; of one probe, or of all."""

    since: datetime
    until: datetime
    platform: str | None = None
    probe: str | None = None
