"""What is on record of a platform, as one accounts for it: verdicts' changes, outages, and when nobody could see."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from glasswatch.spans import Span
from monitor.model.maintenance import Window
from monitor.model.state import Outage
from monitor.model.verdict import Verdict


class Word(StrEnum):
    """What a status page said of the platform."""

    WELL = "well"
    DEGRADED = "degraded"
    MAINTENANCE = "maintenance"
    OUTAGE = "outage"
    NOT_TOLD = "not_told"


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """The verdict on a platform (`function` None) or on one of its functions changed."""

    function: str | None
    was: Verdict
    now: Verdict
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """A probe's status page said this from an instant on, until the next one; `detail` is our line about it."""

    probe: str
    at: datetime
    word: Word
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """What is on record of a platform from `since` until `until`, when it was read.

    `changes` are in the order of time; the first of each function may lie before `since`, and tells what held then.
    `alive`: when the monitor showed signs of life; `blind`: when this vantage could not see; `unwatched`: when nobody
    watched this platform. `windows` are those that were agreed. `said` begins with what held at `since`.
    """

    platform: str
    since: datetime
    until: datetime
    changes: Sequence[VerdictChange] = ()
    outages: Sequence[Outage] = ()
    alive: Sequence[Span] = ()
    blind: Sequence[Span] = ()
    unwatched: Sequence[Span] = ()
    windows: Sequence[Window] = ()
    said: Sequence[Said] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class PastQuery:
    """Of which platform the past is asked for, from when on, as seen at `until`."""

    platform: str
    since: datetime
    until: datetime
