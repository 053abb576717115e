"""A channel whose provider lets lapse what it isn't told again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from monitor.errors import DeliveryFailed
from monitor.model.page import Page, PageStatus
from tests.support.channels import ScriptedChannel
from tests.support.paging import MILLISECOND


@dataclass
class LapsingChannel(ScriptedChannel):
    """A provider that wants to be told again.

    `rounds` holds what each round said; `stuck` makes them wait for ever, `takes` for so many seconds. `order` tells
    rounds that ended from pages that began.
    """

    rounds: list[tuple[str, ...]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    takes: float = 0.0
    stuck: bool = False
    fails: bool = False
    uphold_every: timedelta = 5 * MILLISECOND

    async def send(self, page: Page, attempt: int) -> str:
        """Note when a page was begun."""
        self.order.append("page")
        return await super().send(page, attempt)

    def is_upheld(self, page: Page) -> bool:
        """Uphold what fires."""
        return page.status is PageStatus.FIRING

    async def uphold(self, pages: Sequence[Page]) -> None:
        """Note a round."""
        self.rounds.append(tuple(page.id for page in pages))
        await asyncio.sleep(self.takes)
        if self.stuck:
            await asyncio.Event().wait()
        self.order.append("round")
        if self.fails:
            raise DeliveryFailed("answered 500")
