"""Watches error budgets: reads each platform's last days once a minute, and tells what the rules have to say of it.

What fires is kept in the store, so that it is resolved after a restart as well, also where its platform has left the
settings. It is kept after it was handed to the outbox: killed in between, it is told once more under the same key.
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
from monitor.rules.slapages import Whose, budget_page, gone_page

LOOK_SECONDS: Final = 60.0
_BACK: Final = max(each.long for each in sla.BURNS)
_PLACE: Final = "sla_budget:"

log = logging.getLogger("glasswatch.reports")


class BudgetStore(Protocol):
    """The part of the store that it needs. Every method may raise `StoreUnavailable`."""

    async def past(self, query: PastQuery) -> Past:
        """Return what is on record of a platform."""
        ...

    async def places(self, prefix: str) -> Mapping[str, str]:
        """Return what was kept under every name that begins so."""
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
        self._told: dict[str, Severity] | None = None  # as what each one fires; None: not read yet

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Look at every platform that has an objective, and at what fires of one that has none any more."""
        terms = {name: each for name, each in self._context.terms().items() if each.objective is not None}
        try:
            told = await self._taken_up()
        except StoreError as fault:
            log.info("sla_budgets_not_seen", extra={"fields": {"error": str(fault)}})
            return
        for platform in dict.fromkeys((*terms, *told)):
            try:
                await self._look(platform, terms.get(platform), told)
            except StoreError as fault:
                log.info("sla_budget_not_seen", extra={"fields": {"platform": platform, "error": str(fault)}})
            except Exception:
                # Who accounts must not end who watches: a fault of ours here costs this page, and nothing else.
                log.exception("sla_budget_fault", extra={"fields": {"platform": platform}})

    async def _taken_up(self) -> dict[str, Severity]:
        if self._told is None:
            kept = await self._context.store.places(_PLACE)
            known = {each.value: each for each in Severity}
            self._told = {name.removeprefix(_PLACE): known[as_] for name, as_ in kept.items() if as_ in known}
        return self._told

    async def _look(self, platform: str, terms: Terms | None, told: dict[str, Severity]) -> None:
        context, now = self._context, self._context.clock.now()
        whose = Whose(context.deployment, context.vantage, platform)
        if terms is None:
            page: Page | None = gone_page(whose, now)
        else:
            past = await context.store.past(PastQuery(platform, now - _BACK, now))
            page = budget_page(whose, pasts.history(past), terms, told.get(platform))
        if page is None:
            return
        if page.status is PageStatus.FIRING:
            told[platform] = page.severity
        else:
            told.pop(platform, None)
        context.tell(page)
        await context.store.keep_place(f"{_PLACE}{platform}", told.get(platform, ""))
