"""A report on a platform's availability in a period: everything that is shown, told, or sent with a claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from glasswatch.spans import Span
from monitor.model.past import Word
from monitor.model.state import Outage
from monitor.model.verdict import Role
from monitor.rules.periods import Period, Terms
from monitor.rules.sla import Account, Burn


class Standing(StrEnum):
    """Where a period stands."""

    OVER = "over"
    GOING_ON = "going_on"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a status page said in the same time, in seconds by its word, and what availability that makes.

    `unsaid_down_seconds`: how long we found the platform down while the page said otherwise; `availability` is the
    share of what it told, maintenance left out, in which it told of no outage; None: it told nothing.
    """

    probe: str
    seconds: Mapping[Word, float]
    availability: float | None
    unsaid_down_seconds: float
    outages: Sequence[Span] = ()


@dataclass(frozen=True, slots=True)
class BurnRate:
    """How fast the budget is spent in a pair of windows; None: nothing counted there."""

    burn: Burn
    short: float | None
    long: float | None
    is_firing: bool


@dataclass(frozen=True, slots=True)
class Excluded:
    """An agreed maintenance in the period: who agreed to it, when and why, and when it was in force there."""

    window: str
    by: str
    confirmed_by: str | None
    agreed_at: datetime
    reason: str
    spans: Sequence[Span]
    functions: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a probe's good attempts took: the median and the 95th of 100 of the period, and day by day."""

    probe: str
    median_seconds: float
    p95_seconds: float
    daily: Sequence[tuple[float, float] | None]


@dataclass(frozen=True, slots=True)
class Watch:
    """How a probe is set: what it asks of whom, how often, and how often it must be bad to be believed."""

    probe: str
    type: str
    function: str
    target: str
    role: Role
    critical: bool
    interval: timedelta
    timeout: timedelta
    confirm_attempts: int
    confirm_every: timedelta


@dataclass(frozen=True, slots=True)
class Proof:
    """Where the audit's chain ended when a report was made, and which of its entries tell of which outage."""

    seq: int
    head: str
    entries: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose report it is."""

    deployment: str
    vantage: str
    platform: str


@dataclass(frozen=True, slots=True)
class SlaReport:
    """See the module. `read_at`: until when the record tells anything. `days`: one account a local day.

    `counted_seconds`: by outage, how much of it is downtime of the period; all of them together are all of it.
    `watches` are the probes as they were set when the report was made, `references` the hosts that tell an outage from
    a fault of our own network.

    `budget_*`, `breached` None: there is no objective, or nothing to tell it from. `credit`: a share of the price.
    `rolling` and `burns` are of the time until `read_at`; empty for a period that is over.
    """

    subject: Subject
    period: Period
    terms: Terms
    standing: Standing
    read_at: datetime
    account: Account
    functions: Mapping[str, Account]
    budget_seconds: float | None
    budget_remaining: float | None
    breached: bool | None
    credit: float
    rolling: Mapping[str, Account]
    burns: Sequence[BurnRate]
    outages: Sequence[Outage]
    counted_seconds: Mapping[str, float]
    excluded: Sequence[Excluded]
    unmeasured: Sequence[Span]
    claims: Sequence[Claim]
    days: Sequence[Account]
    notes: Sequence[str]
    paces: Sequence[Pace] = field(default_factory=tuple)
    watches: Sequence[Watch] = field(default_factory=tuple)
    references: Sequence[str] = field(default_factory=tuple)
    proof: Proof | None = None
