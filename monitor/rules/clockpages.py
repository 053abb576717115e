"""The page about our own clock (design 3.7): it belongs to no platform.

It fires at each leap, and is resolved when the clock has gone steadily for a while. By up to what readers of the flag
bear it is a ticket. By more it wakes somebody: either the clock is wrong now, and readers refuse every flag signed
here, or it was wrong before, and what is on record of that time is dated wrongly.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from glasswatch.flag.document import TOLERANCE_MS
from monitor.model.page import Page, PageKind, PageStatus, Severity
from monitor.rules import reasons
from monitor.rules.clock import STEADY, Shift, ShiftKind

TOLERANCE = timedelta(milliseconds=TOLERANCE_MS)


def clock_page(deployment: str, vantage: str, shift: Shift) -> Page:
    """Return the page for a wall clock that leapt or crept away."""
    how = "was set" if shift.is_sudden else "crept"
    direction = "forward" if shift.kind is ShiftKind.FORWARD else "back"
    is_grave = shift.by > TOLERANCE
    advice = (
        "look at the time now: if it is wrong, readers refuse every flag that is signed here, and orders open the way"
        if is_grave
        else "see that the time service of this machine works"
    )
    what = f"the clock of glasswatch {deployment}/{vantage} {how} {direction} by {reasons.span(shift.by)}"
    why = f"it shows {_moment(shift.now)} where {_moment(shift.was)} was due; {advice}"
    page = _page(f"{deployment}/clock@{vantage}", PageStatus.FIRING, (what, why), shift.now)
    return replace(page, severity=Severity.PAGE) if is_grave else page


def clock_page_over(deployment: str, vantage: str, at: datetime) -> Page:
    """Return the page that resolves what was told."""
    summary = f"the clock of glasswatch {deployment}/{vantage} goes steadily again"
    why = f"for {reasons.span(STEADY)} nothing was seen"
    return _page(f"{deployment}/clock@{vantage}", PageStatus.RESOLVED, (summary, why), at)


def _page(key: str, status: PageStatus, words: tuple[str, str], at: datetime) -> Page:
    """Return a ticket. The key isn't like a platform's, whatever a vantage is called."""
    summary, reason = words
    return Page(
        id=f"{key}/{status}/{int(at.timestamp() * 1000)}",
        kind=PageKind.CLOCK,
        severity=Severity.TICKET,
        status=status,
        platform="",
        dedup_key=key,
        summary=summary,
        reason=reason,
        decided_at=at,
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"
