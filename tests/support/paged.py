"""What a platform in the rules' hands was paged of, and a few of its probes."""

from monitor.model.fact import PageWithheld
from monitor.model.outcome import OutcomeKind
from monitor.model.page import Page, PageKind
from monitor.model.state import Cause
from monitor.model.verdict import CauseKind
from tests.support.clock import START
from tests.support.rulings import HOUR, Platform, probe

A, B = probe("a"), probe("b")
API = probe("api", "request")
GOOD, BAD, NONE = OutcomeKind.GOOD, OutcomeKind.BAD, OutcomeKind.NOT_MEASURED
MANUAL = Cause(CauseKind.MANUAL, "m1", START, until=START + HOUR, by="anna")
EXERCISE = Cause(CauseKind.EXERCISE, "e1", START, until=START + HOUR, run="r1", principals=("drill",))


def told(platform: Platform, *kinds: PageKind) -> list[str]:
    """Return the pages of the whole history as `kind status`, of these kinds only if any is named."""
    return [f"{page.kind} {page.status}" for page in platform.pages() if not kinds or page.kind in kinds]


def last(platform: Platform, kind: PageKind) -> Page:
    """Return the last page of a kind."""
    return [page for page in platform.pages() if page.kind is kind][-1]


def withheld(platform: Platform) -> list[tuple[PageKind, str]]:
    """Return what deserved no page, and why."""
    facts = platform.found(PageWithheld)
    return [(fact.kind, fact.reason) for fact in facts if isinstance(fact, PageWithheld)]
