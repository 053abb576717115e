"""Tells a provider again and again of what it took, where it would let that lapse otherwise.

1. Everything that a channel took last of each key is told once more every so often, all at once; a failure is logged
   when it begins and when it is over, and the next round tries again.
2. What is told last must be what is true. A newer page of a key lets a round end that says the older, for a second, and
   breaks it off then: whoever answers at all has taken it by then, and one that hangs holds up nothing for longer. The
   others are told once more. Until the newer one is taken the older goes on being told if both say that it fires, and
   no more if the newer says that it is over.
3. What was told is not written: after a restart the store says what was taken.
"""

import asyncio
import logging
from datetime import timedelta

from monitor.errors import DeliveryFailed
from monitor.model.page import Page, PageStatus
from monitor.ports import Upholding

log = logging.getLogger("glasswatch.outbox")

BROKEN_OFF_SECONDS = 1.0
GIVES_WAY_SECONDS = 1.0


class Upheld:
    """What one channel took and has to be told again; one task runs `run`."""

    def __init__(self, name: str, channel: Upholding, longest: timedelta) -> None:
        self._name = name
        self._channel = channel
        self._longest = longest.total_seconds()
        self._pages: dict[str, Page] = {}
        self._in_round: frozenset[str] = frozenset()
        self._round: asyncio.Task[None] | None = None
        self._trouble = ""

    def took(self, page: Page) -> None:
        """Have a page told again that was just taken."""
        self._pages[page.dedup_key] = page

    def superseded(self, page: Page) -> None:
        """Take note that a newer page of a key is on its way."""
        if page.status is PageStatus.RESOLVED:
            self._pages.pop(page.dedup_key, None)

    async def give_way(self, page: Page) -> None:
        """Let a round end that says something older, before a page is sent."""
        under_way = self._round
        if under_way is not None and page.dedup_key in self._in_round:
            await asyncio.wait({under_way}, timeout=GIVES_WAY_SECONDS)
            under_way.cancel()

    async def run(self) -> None:
        """Tell, round after round. Only cancellation ends it."""
        every = self._channel.uphold_every.total_seconds()
        pause = every
        while True:
            await asyncio.sleep(pause)
            self._pages = {key: page for key, page in self._pages.items() if self._channel.is_upheld(page)}
            is_whole = not self._pages or await self._tell(tuple(self._pages.values()))
            pause = every if is_whole else min(every, BROKEN_OFF_SECONDS)

    async def _tell(self, pages: tuple[Page, ...]) -> bool:
        """Tell of pages; False: it was broken off by a newer page, and the others have to be told once more."""
        self._in_round = frozenset(page.dedup_key for page in pages)
        self._round = asyncio.create_task(self._bounded(pages), name=f"upholding {self._name}")
        try:
            await asyncio.wait({self._round})
            if self._round.cancelled():
                return False
            self._round.result()
        finally:
            self._round.cancel()
            self._round, self._in_round = None, frozenset()
        return True

    async def _bounded(self, pages: tuple[Page, ...]) -> None:
        try:
            async with asyncio.timeout(self._longest):
                await self._channel.uphold(pages)
        except DeliveryFailed as fault:
            self._note(str(fault))
        except TimeoutError:
            self._note("the channel did not end within its own bounds")
        else:
            self._note("")

    def _note(self, trouble: str) -> None:
        """Log what is wrong when it begins and when it changes, and once that it is over."""
        if trouble and trouble != self._trouble:
            log.warning("pages_not_upheld", extra={"fields": {"channel": self._name, "error": trouble[:500]}})
        elif self._trouble and not trouble:
            log.info("pages_upheld", extra={"fields": {"channel": self._name}})
        self._trouble = trouble
