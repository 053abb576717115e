"""Hands pages that were not taken in time to the channels that they fall back on (`monitor.rules.fallback`).

It looks every second while a page is under way, and costs nothing else. Waiting counts from when a page was decided,
also over a restart, and on the monotonic clock meanwhile.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.model.page import Page
from monitor.reached import ReachBook
from monitor.rules import fallback

LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class FallbackWatch:
    """`of` returns what a page may fall back on, `tell` hands it to further channels."""

    book: ReachBook
    of: Callable[[Page], Sequence[fallback.Fallback]]
    tell: Callable[[Page, Sequence[str]], None]

    async def run(self) -> None:
        """Look, and look again. Only cancellation ends it."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Hand on what is due now."""
        for page in self.book.under_way():
            self.look_at(page)

    def look_at(self, page: Page) -> None:
        """Hand on one page, if that is due now."""
        waited = timedelta(seconds=self.book.waited(page))
        channels = fallback.due(self.of(page), self.book.reach_of(page), waited)
        if channels:
            self.tell(page, channels)
