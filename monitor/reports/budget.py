"""Watches error budgets: reads each platform's last days once a minute, and tells what the rules have to say of it.

What fires is kept in the store, so that it is resolved after a restart as well. It is kept after it was handed to the
outbox: killed in between, it is told once more under the same key.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from glasswatch.clock import Clock
from monitor.errors import StoreError
from monitor.model.page import Page, PageStatus, Severity
from monitor.model.past import Past, PastQuery
from monitor.rules import past as pasts
from monitor.rules import sla
from monitor.rules.periods import Terms
from monitor.rules.slapages import Whose, budget_page

LOOK_SECONDS: Final = 60.0
_BACK: Final = max(each.long for each in sla.BURNS)

log = logging.getLogger("glasswatch.reports")


class BudgetStore(Protocol):
    """The part of the store that it needs. Every method may raise `StoreUnavailable`."""

    async def past(self, query: PastQuery) -> Past:
        """Return what is on record of a platform."""
        ...

    async def place(self, watcher: str) -> str | None:
        """Return what was kept."""
        ...

    async def keep_place(self, watcher: str, at: str) -> None:
        """Keep something."""
        ...


@dataclass(frozen=True, slots=True)
class BudgetContext:
    """What the watch works with. `terms` returns, by platform, what the settings in force say; `tell` takes a page."""

    deployment: str
    vantage: str
    store: BudgetStore
    clock: Clock
    terms: Callable[[], Mapping[str, Terms]]
    tell: Callable[[Page], None]


class BudgetWatch:
    """Runs until cancelled."""

    def __init__(self, context: BudgetContext) -> None:
        self._context = context
        self._told: dict[str, Severity | None] = {}

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look at every platform that has an objective."""
        for platform, terms in self._context.terms().items():
            if terms.objective is None:
                continue
            try:
                await self._look(platform, terms)
            except StoreError as fault:
                log.info("sla_budget_not_seen", extra={"fields": {"platform": platform, "error": str(fault)}})

    async def _look(self, platform: str, terms: Terms) -> None:
        context, now, place = self._context, self._context.clock.now(), f"sla_budget:{platform}"
        if platform not in self._told:
            self._told[platform] = _severity(await context.store.place(place))
        past = await context.store.past(PastQuery(platform, now - _BACK, now))
        whose = Whose(context.deployment, context.vantage, platform)
        page = budget_page(whose, pasts.history(past), terms, self._told[platform])
        if page is None:
            return
        self._told[platform] = page.severity if page.status is PageStatus.FIRING else None
        context.tell(page)
        await context.store.keep_place(place, self._told[platform] or "")


def _severity(kept: str | None) -> Severity | None:
    return next((each for each in Severity if each.value == kept), None)
