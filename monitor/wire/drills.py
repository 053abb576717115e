"""Runs of drills on the wire: opened before the first step, told of as they go, closed with a verdict.

A receipt is a compact JWS of type `break-glass-evidence+jwt`, signed with the monitor's key of role `evidence`, which
who runs drills does not hold. Its claims: `v` (1), `iss`, `sub` (the run), `iat`, `act` (`open`, `head`, `close`),
`seq` and `hash` of the journal's entry told of, and at `open` `scenario`, `scenario_sha256` and `operator`; at `close`
`verdict`.
"""

from typing import Annotated, Literal

from pydantic import Field

from monitor.wire.bodies import Body
from monitor.wire.queries import Query
from monitor.wire.shape import Instant, Shape

VerdictWord = Literal["passed", "failed", "not_measured", "aborted", "clean_up_failed"]
SpanWord = Literal["detect", "flag", "page", "access", "audit", "revoke", "total"]
SeverityWord = Literal["critical", "major", "minor", "note"]
StandingWord = Literal["open", "silent", "overdue", "closed"]

_NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
_ID = r"^[a-z0-9][a-z0-9-]{0,62}$"
_SHA256 = r"^[0-9a-f]{64}$"

_Hash = Annotated[str, Field(pattern=_SHA256, description="a SHA-256 as 64 lower-case hex digits")]
_Seq = Annotated[int, Field(ge=1, le=2**53, description="the number of an entry, from 1")]
_Line = Annotated[str, Field(max_length=1000, description="at most 1,000 characters")]


class HeadBody(Body):
    """Where a run's journal ends. The same head again says that the run is alive."""

    seq: _Seq
    hash: _Hash


_Head = Annotated[HeadBody, Field(description="where the run's journal ends: seq and hash")]


class OpenRunBody(Body):
    """A run that is about to begin."""

    run: Annotated[str, Field(pattern=_ID, description="1 to 63 of a-z 0-9 -, unlike any other run's")]
    scenario: Annotated[str, Field(pattern=_NAME, description="the scenario's id")]
    title: _Line
    owner: _Line
    platform: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9_-]{0,62})$", description="the name of a platform")]
    operator: Annotated[str, Field(min_length=1, max_length=63, description="who runs it")]
    scenario_sha256: _Hash
    cadence: Annotated[str, Field(max_length=63, description="quarterly, yearly or empty")] = ""
    real: Annotated[bool, Field(description="whether any step really acts")]
    until: Annotated[Instant, Field(description="when it must be closed at the latest, within 24 hours")]
    head: _Head


class CloseRunBody(Body):
    """How a run ended."""

    verdict: Annotated[VerdictWord, Field(description="passed, failed, not_measured, aborted or clean_up_failed")]
    why: _Line = ""
    spans: Annotated[
        dict[SpanWord, Annotated[float, Field(ge=0)]], Field(max_length=7, description="seconds by span")
    ] = Field(default_factory=dict)
    findings: Annotated[
        dict[SeverityWord, Annotated[int, Field(ge=0, le=2**53)]],
        Field(max_length=4, description="how many by severity"),
    ] = Field(default_factory=dict)
    residue: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=255)], ...],
        Field(strict=False, max_length=100, description="what is left behind, at most 100 names"),
    ] = ()
    head: _Head
    by_hand: Annotated[
        bool, Field(description="whether a person says so, for its journal is lost; failed or clean_up_failed, then")
    ] = False


class ReceiptAnswer(Shape):
    """That a head was taken, signed."""

    run: str
    receipt: str
    """Compact JWS; empty where the monitor has no key of role `evidence`."""


class RunQuery(Query):
    """Which runs are asked for."""

    scenario: Annotated[str | None, Field(pattern=_NAME, description="a scenario's id")] = None
    platform: Annotated[str | None, Field(min_length=1, max_length=63, description="the name of a platform")] = None
    since: Annotated[Instant | None, Field(description="a time such as 2026-03-01T03:00:00Z")] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="a whole number from 1 to 1000")] = 100


class RunAnswer(Shape):
    """A run that was opened here."""

    run: str
    scenario: str
    title: str
    owner: str
    platform: str
    operator: str
    scenario_sha256: str
    real: bool
    standing: StandingWord
    """`silent`: open, and not heard of for two minutes; `overdue`: open past its end, which counts as failed."""
    opened: Instant
    until: Instant
    heard: Instant
    """When it was heard of last."""
    quiet_seconds: float | None = None
    """For how long nothing was heard of it, by a clock that nobody sets, and since the monitor's start at most; none
    where it is closed, and nobody went on with it since."""
    closed: Instant | None
    verdict: str
    """The verdict's word; empty while it is open, `failed` once it is overdue."""
    why: str
    spans: dict[str, float]
    findings: dict[str, int]
    residue: tuple[str, ...]
    head: HeadBody


class RunsAnswer(Shape):
    """Runs, newest first."""

    runs: tuple[RunAnswer, ...]


class HeadAnswer(Shape):
    """A head that was told of, when, and the receipt for it."""

    seq: int
    hash: str
    at: Instant
    act: Literal["open", "head", "close"]
    receipt: str


class HeadsAnswer(Shape):
    """Every head of one run that was told of, oldest first: what `drill verify --heads` compares with."""

    run: str
    heads: tuple[HeadAnswer, ...]


class DueAnswer(Shape):
    """A scenario of the calendar: when it last passed, when it is due, from when on it is overdue."""

    scenario: str
    platform: str
    cadence: str
    last_passed: Instant | None
    due: Instant
    overdue: Instant
    state: Literal["not_due", "due", "overdue"]
    why: str = ""
    """How its last run ended, where that did not pass: it is due at once."""


class DrillCalendarAnswer(Shape):
    """What the calendar says of every scenario that the monitor's settings name."""

    scenarios: tuple[DueAnswer, ...]


CalendarAnswer = DrillCalendarAnswer  # as a client of drills calls it; maintenance has a shape of that name as well


class DrillsStatusAnswer(Shape):
    """What people have to look after: runs that are not closed or left something behind, and what is due."""

    runs: tuple[RunAnswer, ...] = ()
    scenarios: tuple[DueAnswer, ...] = ()
    """Those that are due or overdue."""
