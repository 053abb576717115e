"""The page about our own store (design 3.8): it belongs to no platform and is never suppressed.

While the store can't be written, pages still go out and the flag is still signed, but nothing of it is on record: that
alone wakes somebody. It can't be recorded either, so it is marked as such.

A run that ended with something unwritten left no word of whether it had told of its store. The next one, whose store
takes writes, resolves the page in any case: what was never told is resolved without harm, and none hangs for ever.
"""

from dataclasses import replace
from datetime import datetime

from monitor.model.page import SEVERITY, Page, PageKind, PageStatus


def store_page(deployment: str, *, is_writable: bool, reason: str, at: datetime) -> Page:
    """Return the page for a store that can't be written, or can again."""
    status = PageStatus.RESOLVED if is_writable else PageStatus.FIRING
    key = f"{deployment}/store"
    return Page(
        id=f"{key}/{status}/{int(at.timestamp() * 1000)}",
        kind=PageKind.STORE,
        severity=SEVERITY[PageKind.STORE],
        status=status,
        platform="",
        dedup_key=key,
        summary=(
            f"glasswatch {deployment} can write its store again"
            if is_writable
            else f"glasswatch {deployment} can't write its store: what happens now goes on unrecorded"
        ),
        reason="the store took what was kept" if is_writable else reason,
        decided_at=at,
        unrecorded=not is_writable,
    )


def store_page_over(deployment: str, at: datetime) -> Page:
    """Return the page that resolves whatever a run told of its store that ended without having written everything."""
    page = store_page(deployment, is_writable=True, reason="", at=at)
    return replace(page, reason="the run before this one did not end in good order; the store takes writes")
