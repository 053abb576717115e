"""The watch over error budgets: it tells once, and what is over also after a restart."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from glasswatch.spans import Span
from monitor.errors import StoreUnavailable
from monitor.model.page import Page
from monitor.model.past import Past, PastQuery, VerdictChange
from monitor.model.state import Outage
from monitor.model.verdict import Verdict
from monitor.reports.budget import BudgetContext, BudgetWatch
from monitor.rules.periods import Terms
from tests.support.clock import START, ManualClock

MINUTE = timedelta(minutes=1)


@dataclass
class Record:
    """A record of one platform that a test changes, and what was kept."""

    outage: Outage | None = None
    is_broken: bool = False
    kept: dict[str, str] = field(default_factory=dict)

    async def past(self, query: PastQuery) -> Past:
        """Return it: up, but for the outage."""
        if self.is_broken:
            raise StoreUnavailable("broken")
        up = VerdictChange(None, Verdict.UNKNOWN, Verdict.UP, query.since)
        outages = [] if self.outage is None else [self.outage]
        return Past(query.platform, query.since, query.until, [up], outages, alive=[Span(query.since, query.until)])

    async def place(self, watcher: str) -> str | None:
        """Return what was kept."""
        return self.kept.get(watcher)

    async def keep_place(self, watcher: str, at: str) -> None:
        """Keep it."""
        self.kept[watcher] = at


def _watch(record: Record, now: datetime, told: list[Page]) -> BudgetWatch:
    terms = {"payments": Terms(0.999), "ledger": Terms()}
    return BudgetWatch(BudgetContext("prod", "main", record, ManualClock(now), lambda: terms, told.append))


async def test_what_fires_is_over_after_a_restart_too() -> None:
    """Told once while it lasts, resolved by whoever runs then; a store that can't be read says nothing."""
    outage = Outage("o", "payments", START - 5 * MINUTE, START, ("sign_in",), (), "")
    record, told = Record(outage), list[Page]()
    watch = _watch(record, START, told)
    await watch.look()
    await watch.look()
    assert [page.status for page in told] == ["firing"]
    record.outage = replace(outage, ended_at=START)
    later = _watch(record, START + timedelta(days=4), told)
    record.is_broken = True
    await later.look()
    assert len(told) == 1
    record.is_broken = False
    await later.look()
    await later.look()
    assert [page.status for page in told] == ["firing", "resolved"]
    assert record.kept == {"sla_budget:payments": ""}
