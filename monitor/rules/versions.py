"""Whether readers can accept the flag as it is signed: a clock that ran ahead and was mended locks everybody out.

1. A version never goes back, whatever the clock does: it is at least the one before plus 1. Readers refuse a flag whose
   version is more than 60 s ahead of its date (`ver_ahead`, design 3.4).
2. So once this machine's clock ran ahead by more than that and was set right, every reader refuses every flag that is
   signed here, ready ones too, until time has caught up. Nothing here may mend it: versions are readers' protection.
3. It is judged by the document as signed, so it is found again after a restart. A clock that is corrected by seconds
   stays within the 60 s and is no news.
4. It is a page, not a ticket: a true ready that is refused locks an engineer out, and whoever is on call must know
   before the glass has to be broken that an order is the way.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from glasswatch.flag.document import TOLERANCE_MS
from glasswatch.instants import EPOCH, unix_seconds
from monitor.model.page import PageKind
from monitor.model.record import FlagDocument
from monitor.rules import reasons
from monitor.rules.pages import Concern

WHAT_TO_DO: Final = (
    "orders open the way meanwhile (`monitor flag order sign`); if that is too long, sign as another vantage, with a "
    "key of its own"
)


def refused_until(document: FlagDocument) -> datetime | None:
    """Return from when on flags that are signed here are accepted again; None where readers accept this one."""
    least_ms = document.ver - TOLERANCE_MS
    if least_ms <= unix_seconds(document.issued_at) * 1000:
        return None
    return EPOCH + timedelta(seconds=-(-least_ms // 1000))  # dates are whole seconds


def why_refused(document: FlagDocument) -> str:
    """Say that readers refuse the platform's flag, until when, and what to do; empty where they accept it."""
    until = refused_until(document)
    if until is None:
        return ""
    return (
        f"readers refuse every flag of {document.platform} until {_moment(until)}, because its version is ahead of the "
        f"clock, which ran ahead and was set back: {WHAT_TO_DO}"
    )


def concern(document: FlagDocument) -> Concern:
    """Return what one may have to tell of a flag as signed."""
    until = refused_until(document)
    if until is None:
        summary, why = f"{document.platform}: readers can accept the flag again", "its version is near its date again"
        return Concern(PageKind.CLOCK, holds=False, summary=summary, reason=why)
    what = f"readers REFUSE every flag until {_moment(until)}: this monitor's clock ran ahead and was set back"
    ahead = reasons.span(until - document.issued_at)
    return Concern(
        PageKind.CLOCK,
        holds=True,
        summary=f"{document.platform}: {what}",
        reason=f"versions never go back, and time catches up in {ahead}; {WHAT_TO_DO}",
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"  # it may be days away
