"""The status page as plain values, made for its template. `view.py` fills them; they hold data and decide nothing."""

from dataclasses import dataclass
from enum import StrEnum

from markupsafe import Markup


class Tone(StrEnum):
    """How something is marked: by a colour, and always by a sign and a word besides."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"
    OPEN = "open"
    SEALED = "sealed"


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant: for a machine, for a person, and how long ago or ahead (empty on a page that is a file)."""

    machine: str
    text: str
    distance: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with its tone."""

    tone: Tone
    word: str


@dataclass(frozen=True, slots=True)
class GlassView:
    """Whether the glass may be broken."""

    mark: Mark
    sentence: str
    since: Moment | None
    valid_until: Moment | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CauseView:
    """One reason for the flag."""

    title: str
    since: Moment
    until: Moment | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandingView:
    """What a person left standing on the flag, until when, and what another one can do about it."""

    title: str
    since: Moment
    until: Moment
    hint: str
    command: str


@dataclass(frozen=True, slots=True)
class MaintenanceView:
    """A maintenance window that is in force, comes next, or waits for a person, who finds out more by a command."""

    mark: Mark
    title: str
    since: Moment
    until: Moment
    command: str = ""


@dataclass(frozen=True, slots=True)
class ProbeView:
    """One probe and what it found last. `link` leads to its own page; empty where there is none, in a file."""

    name: str
    mark: Mark
    detail: str
    measured: Moment | None
    notes: tuple[str, ...]
    link: str = ""


@dataclass(frozen=True, slots=True)
class FunctionView:
    """One function and its probes."""

    name: str
    mark: Mark
    is_critical: bool
    why: str
    since: Moment | None
    probes: tuple[ProbeView, ...]


@dataclass(frozen=True, slots=True)
class OutageView:
    """One outage on record."""

    mark: Mark
    opened: Moment
    ended: Moment | None
    length: str
    functions: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlatformView:
    """One platform."""

    anchor: str
    name: str
    mark: Mark
    sentence: str
    since: Moment | None
    why: str
    acknowledged: str
    glass: GlassView
    behind: tuple[str, ...]
    causes: tuple[CauseView, ...]
    standing: tuple[StandingView, ...]
    maintenance: tuple[MaintenanceView, ...]
    procedure_url: str
    procedure_link: str
    procedure_text: str
    is_procedure_first: bool
    functions: tuple[FunctionView, ...]
    outages: tuple[OutageView, ...]
    outages_note: str


@dataclass(frozen=True, slots=True)
class IndexView:
    """A platform's line in the list that stands first: where it is on the page, its verdict and its flag."""

    anchor: str
    name: str
    mark: Mark
    glass: Mark


@dataclass(frozen=True, slots=True)
class SectionView:
    """A platform's part of the page as HTML. `as_of`: when it was made, if that is earlier than the page."""

    anchor: str
    name: str
    html: Markup
    as_of: Moment | None = None


@dataclass(frozen=True, slots=True)
class UseView:
    """One use of break-glass that is open."""

    mark: Mark
    summary: str
    at: Moment
    why: str
    lacks: str


@dataclass(frozen=True, slots=True)
class UsesView:
    """The open uses: what to call them, those shown, and a line about the others."""

    title: str
    sentence: str
    is_critical: bool
    shown: tuple[UseView, ...]
    note: str


@dataclass(frozen=True, slots=True)
class DrillView:
    """A run of a drill to be looked after, or a scenario that is due; `what` says what `at` is."""

    mark: Mark
    summary: str
    what: str
    at: Moment
    why: str
    command: str


@dataclass(frozen=True, slots=True)
class DrillsView:
    """What there is to look after of drills."""

    is_critical: bool
    shown: tuple[DrillView, ...]


@dataclass(frozen=True, slots=True)
class DrilledView:
    """A run of a drill that is over: what it came to, when it ended, and what it measured."""

    mark: Mark
    at: Moment
    run: str
    measured: str


@dataclass(frozen=True, slots=True)
class DrillHistoryView:
    """The last runs of one scenario, newest first."""

    scenario: str
    runs: tuple[DrilledView, ...]


@dataclass(frozen=True, slots=True)
class CredentialView:
    """A credential of the monitor to look after, by its place; `what` says when it ends, or that it can't be read."""

    mark: Mark
    name: str
    what: str


@dataclass(frozen=True, slots=True)
class CredentialsView:
    """Those to look after; `note` is a line about the others."""

    has_ended: bool
    shown: tuple[CredentialView, ...]
    note: str


@dataclass(frozen=True, slots=True)
class BelowView:
    """A line at the top about what stands below the platforms: where, how much of it, and the worst of it."""

    anchor: str
    words: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class PageView:
    """The whole page. `refresh_seconds` 0: it doesn't refresh itself, being a file.

    `platforms` is empty where each platform's part is made by itself.
    """

    title: str
    icon: Tone
    deployment: str
    vantage: str
    version: str
    at: Moment
    refresh_seconds: int
    is_file: bool
    is_blind: bool
    uses: UsesView | None
    blind_watchers: tuple[str, ...]
    forgotten: tuple[str, ...]
    index: tuple[IndexView, ...]
    platforms: tuple[PlatformView, ...] = ()
    drills: DrillsView | None = None
    drilled: tuple[DrillHistoryView, ...] = ()
    credentials: CredentialsView | None = None
    below: tuple[BelowView, ...] = ()
