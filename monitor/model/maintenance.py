"""Maintenance: agreed windows in which an outage is expected, what is only proposed, what waits for a second person.

A window changes nothing but how an outage is told, and later how it is counted (design 3.7): never a verdict, a cause
or a flag.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Origin(StrEnum):
    """Where a window comes from."""

    SETTINGS = "settings"
    PERSON = "person"
    VENDOR = "vendor"  # told by a status page, and accepted by a person


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which local days a window comes back on, when it begins there, and for how long it lasts.

    `days` holds words of `rules.recurrence`; `at` is a local time of day such as `02:00`, `timezone` a name of the IANA
    database.
    """

    days: tuple[str, ...]
    at: str
    lasts: timedelta
    timezone: str


@dataclass(frozen=True, slots=True)
class Range:
    """What of a platform a window is for: some functions, some probes, or (with neither) all of it."""

    functions: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether it is the whole platform."""
        return not self.functions and not self.probes


@dataclass(frozen=True, slots=True)
class Ended:
    """Who ended a window before its time, when, and why."""

    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Window:
    """One agreed window. Half-open: `[since, until)`, all of it, or with a calendar its days in that time.

    `until` None: it comes back without end. `ended` cuts off what lies behind it; it is never moved. `agreed_at` is
    when it began to count: only one that two persons agreed holds before that. `name` is its name in the settings, or
    what the vendor calls it; `told` names what was accepted, so that the vendor's next word about it takes its place.
    """

    id: str
    platform: str
    origin: Origin
    since: datetime
    until: datetime | None
    by: str
    agreed_at: datetime
    reason: str
    name: str = ""
    calendar: Calendar | None = None
    range: Range = field(default_factory=Range)
    confirmed_by: str | None = None
    told: str = ""
    ended: Ended | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When it is over for good, as things stand; None: never."""
        if self.ended is None:
            return self.until
        return self.ended.at if self.until is None else min(self.until, self.ended.at)

    def is_over(self, now: datetime) -> bool:
        """Whether it is over for good at an instant."""
        return self.ends_at is not None and self.ends_at <= now

    @property
    def label(self) -> str:
        """What it is called in a page: its own name only if we gave it one."""
        return self.name if self.origin is Origin.SETTINGS else self.id


@dataclass(frozen=True, slots=True)
class Asked:
    """A window with a start in the past, which another person must confirm in `[asked_at, expires_at)`."""

    window: Window
    token: str
    asked_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """One maintenance as a status page tells it. `name` is the vendor's own words."""

    id: str
    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a status page tells, as long as it does: it has no effect until a person accepts it.

    `id` names exactly what was told: other times are another proposal.
    """

    id: str
    probe: str
    planned: Planned
    told_at: datetime

    @property
    def told(self) -> str:
        """What it is about, whatever its times are."""
        return f"{self.probe}/{self.planned.id}"


@dataclass(frozen=True, slots=True)
class InForce:
    """A window that is in force, or will be: half-open, `[since, until)`. `label`: what it is called in a page."""

    window: str
    label: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class SettingsWindow:
    """A window as the settings have it. `start` and `end` are those of a window that comes once."""

    name: str
    reason: str
    calendar: Calendar | None = None
    start: datetime | None = None
    end: datetime | None = None
    range: Range = field(default_factory=Range)


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What is held of a platform's maintenance.

    `windows` are agreed, in the order in which they were; one that is over stays for a day. `answered` are proposals
    that were accepted or declined, as long as they are told. `in_force`, and `coming`, the next one: as judged last.
    """

    windows: tuple[Window, ...] = ()
    asked: tuple[Asked, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    answered: tuple[str, ...] = ()
    in_force: tuple[InForce, ...] = ()
    coming: InForce | None = None


# What people do.


@dataclass(frozen=True, slots=True)
class AddWindow:
    """Agree to a window. `start` None: now. Exactly one of `end` and `lasts`, but with a calendar `end` may lack."""

    reason: str
    start: datetime | None = None
    end: datetime | None = None
    lasts: timedelta | None = None
    calendar: Calendar | None = None
    range: Range = field(default_factory=Range)
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class AcceptWindow:
    """Agree to what a status page tells."""

    proposal: str
    reason: str
    range: Range = field(default_factory=Range)
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class EndWindow:
    """End a window from now on, decline a proposal, or take back what waits for a second person."""

    window: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConfirmWindow:
    """Be the second person of a window with a start in the past."""

    window: str


WindowAct = AddWindow | AcceptWindow | EndWindow | ConfirmWindow


# What was found.


@dataclass(frozen=True, slots=True)
class WindowAgreed:
    """A window counts from now on. `token`: by which it was agreed; empty: by the settings."""

    window: Window
    token: str = ""


@dataclass(frozen=True, slots=True)
class WindowEnded:
    """A window was ended before its time."""

    window: Window
    token: str = ""


@dataclass(frozen=True, slots=True)
class WindowAsked:
    """A person asked for a window that another one must confirm."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class WindowRefused:
    """What waited for a second person was taken back, or nobody confirmed it. `by` empty: by time."""

    asked: Asked
    why: str
    by: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class WindowProposed:
    """A status page tells of a maintenance."""

    proposal: Proposal


@dataclass(frozen=True, slots=True)
class ProposalGone:
    """A proposal is none any more: declined, accepted, over, or no longer told. `by` empty: by the page, or time."""

    proposal: Proposal
    why: str
    by: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class MaintenanceBegan:
    """A window came into force."""

    in_force: InForce


@dataclass(frozen=True, slots=True)
class MaintenanceOver:
    """A window is no longer in force."""

    in_force: InForce
    at: datetime
    why: str


WindowFact = (
    WindowAgreed
    | WindowEnded
    | WindowAsked
    | WindowRefused
    | WindowProposed
    | ProposalGone
    | MaintenanceBegan
    | MaintenanceOver
)


@dataclass(frozen=True, slots=True)
class WindowQuery:
    """Which windows on record are asked for: latest agreed first, at most `limit`; over ones not before `since`."""

    platform: str | None = None
    since: datetime | None = None
    limit: int = 100
