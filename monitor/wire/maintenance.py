"""Maintenance on the wire: what people agree to, end, accept and confirm, and what is answered.

1. A window is for the whole platform unless it names functions or probes.
2. It comes once (`start`, `end`), or again and again (`calendar`). What is long enough, too long, or not watched is
   decided where the settings are known.
"""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from monitor.wire.acts import Key, Reason
from monitor.wire.answers import SpanAnswer
from monitor.wire.bodies import Body
from monitor.wire.queries import Query
from monitor.wire.shape import Instant, Shape

WindowStateWord = Literal["in_force", "coming", "over", "asked", "proposed"]
OriginWord = Literal["settings", "person", "vendor"]

LONGEST_SECONDS: Final = 31 * 86400
_NAME: Final = r"^[a-z0-9][a-z0-9_-]{0,62}$"
_DAYS: Final = "days such as daily, tuesday, first tuesday, last friday, 15 or last day, at most 80"


def _one_of_each(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("expected each name once")
    return names


def _names(what: str) -> object:
    return Field(max_length=64, description=f"a list of names of {what}, at most 64, each once")


_Name = Annotated[str, Field(pattern=_NAME)]
_Functions = Annotated[tuple[_Name, ...], _names("functions"), AfterValidator(_one_of_each)]
_Probes = Annotated[tuple[_Name, ...], _names("probes"), AfterValidator(_one_of_each)]
_Seconds = Annotated[int, Field(ge=1, le=LONGEST_SECONDS, description="a whole number of seconds from 1 to 2678400")]
_Long = Annotated[bool, Field(description="true if it is meant to last for more than 24 h at a time")]


class CalendarBody(Body):
    """When a window comes back, by a local calendar."""

    days: Annotated[
        tuple[Annotated[str, Field(max_length=20)], ...], Field(min_length=1, max_length=80, description=_DAYS)
    ]
    at: Annotated[str, Field(max_length=5, description="a local time of day such as 02:00")]
    lasts_seconds: _Seconds
    timezone: Annotated[str, Field(max_length=96, description="a time zone such as Europe/Berlin or UTC")]


class AddBody(Body):
    """Agree to a window."""

    platform: Annotated[str, Field(min_length=1, max_length=63, description="the name of a platform")]
    reason: Reason
    start: Annotated[Instant | None, Field(description="a time such as 2026-03-01T03:00:00Z, or null for now")] = None
    end: Annotated[Instant | None, Field(description="a time such as 2026-03-01T05:00:00Z, or null")] = None
    for_seconds: Annotated[_Seconds | None, Field(description="how long it lasts, instead of end, or null")] = None
    calendar: Annotated[
        CalendarBody | None, Field(description="days, at, lasts_seconds and timezone of one that comes back, or null")
    ] = None
    functions: _Functions = ()
    probes: _Probes = ()
    long: _Long = False
    key: Key = None

    @model_validator(mode="after")
    def says_when_it_ends(self) -> "AddBody":
        """Take one end; of a window that comes back, none or one."""
        if self.calendar is not None and self.for_seconds is not None:
            raise ValueError("for_seconds: expected none with calendar, which has lasts_seconds")
        if self.calendar is None and (self.end is None) is (self.for_seconds is None):
            raise ValueError("expected either end or for_seconds")
        return self


class AcceptBody(Body):
    """Agree to what a status page proposes."""

    reason: Reason
    functions: _Functions = ()
    probes: _Probes = ()
    long: _Long = False
    key: Key = None


class EndBody(Body):
    """End a window, decline a proposal, or take back what waits for a second person."""

    reason: Reason
    key: Key = None


class ConfirmWindowBody(Body):
    """Be the second person of a window with a start in the past."""

    key: Key = None


class MaintenanceQuery(Query):
    """Which windows are asked for."""

    platform: Annotated[str | None, Field(min_length=1, max_length=63, description="the name of a platform")] = None
    over: Annotated[bool, Field(description="true: those that are over as well")] = False
    since: Annotated[Instant | None, Field(description="a time such as 2026-03-01T03:00:00Z")] = None
    limit: Annotated[int, Field(ge=1, le=1000, description="a whole number from 1 to 1000")] = 100


class CalendarAnswer(Shape):
    """When a window comes back."""

    days: tuple[str, ...]
    at: str
    lasts_seconds: float
    timezone: str


class EndedAnswer(Shape):
    """Who ended a window before its time."""

    by: str
    at: Instant
    why: str


class WindowAnswer(Shape):
    """One window: agreed, waiting for a second person, or only proposed."""

    id: str
    platform: str
    state: WindowStateWord
    """`asked` and `proposed` have no effect."""
    origin: OriginWord
    name: str
    """Its name in the settings, or what the vendor calls it."""
    since: Instant
    until: Instant | None
    """When it is over for good, as was agreed; null: it comes back without end."""
    calendar: CalendarAnswer | None
    functions: tuple[str, ...]
    """Functions and probes that it is for; without either the whole platform."""
    probes: tuple[str, ...]
    reason: str
    by: str | None
    """Who agreed to it; null for what is proposed."""
    confirmed_by: str | None
    agreed_at: Instant | None
    """Null until it counts."""
    ended: EndedAnswer | None
    now: SpanAnswer | None
    """The span in which it is in force now."""
    next: SpanAnswer | None
    """The next span in which it will be."""
    expires_at: Instant | None
    """When it dies unless another person confirms it."""
    probe: str | None
    """Which probe read of it, where it is proposed."""


class MaintenanceAnswer(Shape):
    """Windows: what waits for somebody first, then what is in force, what comes, and what is over."""

    windows: tuple[WindowAnswer, ...]


class WindowActAnswer(Shape):
    """What an act on maintenance led to."""

    platform: str
    outcome: Literal["done", "pending"]
    """Pending: another person must confirm it."""
    message: str
    """For a person: what was done, or what is to be done now."""
    id: str
    recorded: bool
    """False: it took effect, but could not be written yet."""
    window: WindowAnswer | None
    """As it stands now; null for what was declined or taken back."""
