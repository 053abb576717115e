"""The shapes of an account of availability."""

from typing import Annotated, Literal

from pydantic import Field

from monitor.wire.answers import OutageAnswer, SpanAnswer
from monitor.wire.queries import Query
from monitor.wire.shape import Instant, Shape

StandingWord = Literal["over", "going_on", "ahead"]
PeriodWord = Literal["month", "quarter"]
UnmeasuredWord = Literal["left_out", "down", "up"]
RoleWord = Literal["deciding", "first_hand", "second_hand"]


class SlaQuery(Query):
    """Of which platforms an account is asked for, and of which period."""

    platform: Annotated[str | None, Field(min_length=1, max_length=63, description="the name of a platform")] = None
    period: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9]{4}-(0[1-9]|1[0-2]|Q[1-4])$",
            description="a month such as 2026-10, or a quarter such as 2026-Q4",
        ),
    ] = None


class AccountAnswer(Shape):
    """Where the seconds of a time are, each in one place, and what follows."""

    start: Instant
    end: Instant
    availability: float | None
    """Share of what counts that was up; null where nothing counts."""
    coverage: float | None
    """Share of what is no maintenance that was measured."""
    up_seconds: float
    down_seconds: float
    not_measured_seconds: float
    maintenance_seconds: float
    counted_seconds: float
    """What availability is a share of."""
    outages: int
    detect_seconds: float | None
    """Mean time from an outage's first bad outcome until it was confirmed."""
    recover_seconds: float | None
    """Mean downtime of the outages that ended in this time."""


class FunctionAccountAnswer(Shape):
    """The account of one function."""

    function: str
    account: AccountAnswer


class RollingAnswer(Shape):
    """The account of the time until now."""

    window: str
    account: AccountAnswer


class BurnAnswer(Shape):
    """How many times as fast as the objective allows the budget is spent, in a short and a long window."""

    short_seconds: float
    long_seconds: float
    factor: float
    short_rate: float | None
    long_rate: float | None
    firing: bool


class CreditStepAnswer(Shape):
    """Below this availability so much is credited."""

    below: float
    credit: float


class ObjectiveAnswer(Shape):
    """What was agreed, and how it stands."""

    objective: float
    breached: bool | None
    """Null: nothing counts, so it can't be told."""
    budget_seconds: float | None
    budget_remaining_ratio: float | None
    credit: float
    """Share of the price that the availability earns back."""
    credits: tuple[CreditStepAnswer, ...]


class SlaMaintenanceAnswer(Shape):
    """An agreed maintenance that was taken out."""

    window: str
    by: str
    confirmed_by: str | None
    agreed_at: Instant
    reason: str
    functions: tuple[str, ...]
    """For these functions alone; empty: the whole platform."""
    spans: tuple[SpanAnswer, ...]


class CountedOutageAnswer(OutageAnswer):
    """An outage, and what of it counts in the period."""

    counted_seconds: float
    """How much of it is downtime of the period; those of all outages together are all of it."""
    audit_entries: tuple[int, ...]
    """Which entries of the audit tell of it. The interface leaves them out."""


class WatchAnswer(Shape):
    """How a probe was set when the report was made."""

    probe: str
    type: str
    function: str
    target: str
    """The host that it asks."""
    role: RoleWord
    critical: bool
    interval_seconds: float
    timeout_seconds: float
    confirm_attempts: int
    confirm_every_seconds: float


class RecordAnswer(Shape):
    """With which entry the audit's chain ended when the report was made: what `monitor store verify --entry` takes."""

    entry: int
    sha256: str


class ClaimAnswer(Shape):
    """What a status page said in the same time."""

    probe: str
    availability: float | None
    """Share of what it told, maintenance left out, in which it told of no outage."""
    well_seconds: float
    degraded_seconds: float
    maintenance_seconds: float
    outage_seconds: float
    not_told_seconds: float
    unsaid_down_seconds: float
    """How long we found the platform down while the page told of no outage."""
    outages: tuple[SpanAnswer, ...]


class PaceAnswer(Shape):
    """How long a probe's good attempts took."""

    probe: str
    median_seconds: float
    p95_seconds: float


class PlatformSlaAnswer(Shape):
    """The account of one platform in a period."""

    platform: str
    period: str
    start: Instant
    end: Instant
    timezone: str
    standing: StandingWord
    read_at: Instant
    """Until when the record tells anything."""
    not_measured: UnmeasuredWord
    """What time that nobody measured counts as."""
    account: AccountAnswer
    objective: ObjectiveAnswer | None
    functions: tuple[FunctionAccountAnswer, ...]
    rolling: tuple[RollingAnswer, ...]
    burn_rates: tuple[BurnAnswer, ...]
    outages: tuple[CountedOutageAnswer, ...]
    maintenance: tuple[SlaMaintenanceAnswer, ...]
    not_measured_spans: tuple[SpanAnswer, ...]
    claims: tuple[ClaimAnswer, ...]
    response_times: tuple[PaceAnswer, ...]
    days: tuple[AccountAnswer, ...]
    measured_by: tuple[WatchAnswer, ...]
    """As the probes were set when the report was made."""
    references: tuple[str, ...]
    """The hosts of which one must answer before an outage is believed."""
    record: RecordAnswer | None
    notes: tuple[str, ...]


class SlaAnswer(Shape):
    """Accounts of platforms, and how they are made."""

    deployment: str
    vantage: str
    method: tuple[str, ...]
    platforms: tuple[PlatformSlaAnswer, ...]
