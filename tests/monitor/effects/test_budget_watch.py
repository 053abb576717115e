"""The watch over error budgets: it tells once, and what is over also after a restart."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

import pytest

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

    async def places(self, prefix: str) -> dict[str, str]:
        """Return what was kept."""
        if self.is_broken:
            raise StoreUnavailable("broken")
        return {name: at for name, at in self.kept.items() if name.startswith(prefix)}

    async def keep_place(self, watcher: str, at: str) -> None:
        """Keep it."""
        self.kept[watcher] = at


TERMS = {"payments": Terms(0.999), "ledger": Terms()}


def _watch(
    record: Record, now: datetime, told: list[Page], terms: Mapping[str, Terms] = MappingProxyType(TERMS)
) -> BudgetWatch:
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


@pytest.mark.parametrize("terms", [{"ledger": Terms(0.9)}, {"payments": Terms()}, {}])
@pytest.mark.parametrize("is_restarted", [True, False])
async def test_what_fires_of_a_platform_that_leaves_is_closed(terms: dict[str, Terms], *, is_restarted: bool) -> None:
    """By a reload or a restart, with its objective alone or whole: nobody would ever resolve it else."""
    outage = Outage("o", "payments", START - 5 * MINUTE, START, ("sign_in",), (), "")
    record, told, now_watched = Record(outage), list[Page](), dict(TERMS)
    watch = _watch(record, START, told, now_watched)
    await watch.look()
    now_watched.clear()
    now_watched.update(terms)
    for _ in range(2):
        await (_watch(record, START + MINUTE, told, terms) if is_restarted else watch).look()
    assert [(page.status, page.platform) for page in told if page.platform == "payments"] == [
        ("firing", "payments"),
        ("resolved", "payments"),
    ]
    assert len({page.dedup_key for page in told if page.platform == "payments"}) == 1
    assert record.kept["sla_budget:payments"] == ""


async def test_a_fault_of_one_budget_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The others are looked at, and the watch goes on."""
    outage = Outage("o", "payments", START - 5 * MINUTE, START, ("sign_in",), (), "")
    record, told = Record(outage), list[Page]()
    terms = {"broken": Terms("much"), "payments": Terms(0.999)}  # type: ignore[arg-type]  # a fault of ours
    await _watch(record, START, told, terms).look()
    assert [page.platform for page in told] == ["payments"]
    assert "sla_budget_fault" in caplog.text
