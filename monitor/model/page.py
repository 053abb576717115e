"""A page: what is told to people, why, and under which stable name."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model.act import Inhibition
from monitor.model.exercise import Exercise
from monitor.model.maintenance import InForce
from monitor.model.state import Outage
from monitor.model.told import Acknowledgement, Told
from monitor.model.verdict import FlagState


class PageKind(StrEnum):
    """Every kind of page (design 3.7). Which of them wakes somebody stands in `SEVERITY`."""

    OUTAGE = "outage"
    UNKNOWN = "unknown"
    FLAG = "flag"
    USE = "use"
    CREDENTIALS_REFUSED = "credentials_refused"
    MINORITY_DOWN = "minority_down"
    STORE = "store"
    CLOCK = "clock"
    DEGRADED = "degraded"
    TLS_EXPIRY = "tls_expiry"
    PUBLISH_BEHIND = "publish_behind"
    SLA_BUDGET = "sla_budget"
    DRILL_RESIDUE = "drill_residue"
    DRILL_DUE = "drill_due"
    DRILL_OVERDUE = "drill_overdue"
    TEST = "test"  # sent by `monitor page-test` alone: it is about nothing, and goes through one channel


class Severity(StrEnum):
    """A page wakes somebody; a ticket can wait."""

    PAGE = "page"
    TICKET = "ticket"


SEVERITY = {
    PageKind.OUTAGE: Severity.PAGE,
    PageKind.UNKNOWN: Severity.PAGE,
    PageKind.FLAG: Severity.PAGE,
    PageKind.USE: Severity.PAGE,
    PageKind.CREDENTIALS_REFUSED: Severity.PAGE,
    PageKind.MINORITY_DOWN: Severity.PAGE,
    PageKind.STORE: Severity.PAGE,
    PageKind.CLOCK: Severity.PAGE,  # of a platform: readers refuse every flag; `rules.clockpages` has tickets too
    PageKind.DEGRADED: Severity.TICKET,
    PageKind.TLS_EXPIRY: Severity.TICKET,
    PageKind.PUBLISH_BEHIND: Severity.TICKET,
    PageKind.SLA_BUDGET: Severity.TICKET,  # a page where it is spent fast: `rules.slapages`
    PageKind.DRILL_RESIDUE: Severity.PAGE,
    PageKind.DRILL_DUE: Severity.TICKET,
    PageKind.DRILL_OVERDUE: Severity.TICKET,
    PageKind.TEST: Severity.PAGE,
}

NEVER_SUPPRESSED = frozenset({PageKind.FLAG, PageKind.USE, PageKind.STORE, PageKind.DRILL_RESIDUE})


class PageStatus(StrEnum):
    """Whether the problem holds or is over."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Page:
    """One page as decided: the outbox carries it, a channel puts it into its own words.

    `dedup_key` is computed by us from what stays the same about the problem, so that repeats join it. `summary` is
    one line a person understands at 3 a.m.; `reason` says what made us send it. `id` is unique: dedup key and status,
    with the instant it was decided. `critical` marks a use of break-glass that should not have been.
    """

    id: str
    kind: PageKind
    severity: Severity
    status: PageStatus
    platform: str
    dedup_key: str
    summary: str
    reason: str
    decided_at: datetime
    outage: str | None = None
    unrecorded: bool = False
    critical: bool = False


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a person needs beside the page itself, as it stands when the page is sent.

    It is not stored with the page but built anew at each try, from the settings (deployment, vantage, procedure) and
    from what is held of the platform at that moment: a page that gets through an hour late must say whether break-glass
    is permitted now. `flag` is None while it isn't known; `outage` is None for a page that is not about one;
    `inhibition` is set while two persons hold closed what outages raise; `maintenance` is what is in force then, and
    `exercise` the one that raises the flag then; `own_exercise` is the one that had this page sent in the way of an
    outage, also when it is over. `told` names every channel that this page goes through, `acknowledged`
    who said that they deal with it; `status_page` is where the monitor's own page is read.
    """

    deployment: str
    vantage: str
    procedure_url: str
    procedure_text: str = ""
    flag: FlagState | None = None
    outage: Outage | None = None
    inhibition: Inhibition | None = None
    told: tuple[Told, ...] = ()
    acknowledged: Acknowledgement | None = None
    status_page: str = ""
    maintenance: tuple[InForce, ...] = ()
    exercise: Exercise | None = None
    own_exercise: Exercise | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Pages of these kinds go to these channels. No kinds: pages of every kind.

    What one of them has not taken after `fallback_after` goes to `fallback` too.
    """

    to: tuple[str, ...]
    kinds: frozenset[PageKind] = frozenset()
    fallback: tuple[str, ...] = ()
    fallback_after: timedelta = timedelta(seconds=60)
