"""Pages for tests, with everything that doesn't matter filled in."""

from datetime import datetime, timedelta

from monitor.model.page import SEVERITY, Page, PageContext, PageKind, PageStatus
from monitor.model.record import RoutedPage
from monitor.model.verdict import FlagState
from tests.support.clock import START

CONTEXT = PageContext(
    deployment="prod",
    vantage="fra-1",
    procedure_url="https://wiki.example.com/break-glass",
    procedure_text="1. Call a second person.\n2. Open the safe.",
    flag=FlagState.READY,
)


def page(
    key: str = "prod/payments/outage/1",
    status: PageStatus = PageStatus.FIRING,
    *,
    kind: PageKind = PageKind.OUTAGE,
    at: datetime = START,
    number: int = 0,
) -> Page:
    """Return a page; `number` sets apart pages of one key and status."""
    decided_at = at + timedelta(milliseconds=number)
    return Page(
        id=f"{key}/{status}/{int(decided_at.timestamp() * 1000)}",
        kind=kind,
        severity=SEVERITY[kind],
        status=status,
        platform="payments",
        dedup_key=key,
        summary="sign_in is down",
        reason="portal was bad 3 times and a control answered",
        decided_at=decided_at,
        outage="1" if kind is PageKind.OUTAGE else None,
    )


def routed(one: Page, *channels: str) -> RoutedPage:
    """Return a page on its way to channels, `ops` unless others are named."""
    return RoutedPage(one, channels or ("ops",))
