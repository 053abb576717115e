"""A page that is about nothing: it tries a channel, and says so wherever it is shown.

Its key names the channel, so that trying again joins what is open and `--resolve` ends it.
"""

from datetime import datetime

from glasswatch.instants import unix_ms
from monitor.model.page import Page, PageKind, PageStatus, Severity


def trial_page(deployment: str, channel: str, at: datetime, *, severity: Severity, status: PageStatus) -> Page:
    """Return the page that tries a channel."""
    key = f"{deployment}/{PageKind.TEST}/{channel}"
    is_over = status is PageStatus.RESOLVED
    return Page(
        id=f"{key}/{status}/{unix_ms(at)}",
        kind=PageKind.TEST,
        severity=severity,
        status=status,
        platform="",
        dedup_key=key,
        summary=(
            f"TEST of channel {channel} is over"
            if is_over
            else f"TEST of channel {channel}: nothing is wrong, nothing has to be done"
        ),
        reason="somebody ran `monitor page-test`",
        decided_at=at,
    )
