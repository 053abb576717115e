"""The page about an error budget that is spent too fast (design 3.7), from burn rates in pairs of windows.

1. The two fast pairs (14.4 and 6 times) wake somebody, the two slow ones are a ticket, as the workbook has it.
2. It fires when that begins, and once more when a ticket becomes a page. It never goes back to a ticket.
3. It is resolved when no pair fires any more; not while nothing is measured: then nobody can tell.
4. It is resolved as well when there is no budget any more: the platform has left the settings, or its objective has.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from monitor.model.page import Page, PageKind, PageStatus, Severity
from monitor.rules.periods import Terms
from monitor.rules.sla import History
from monitor.rules.slareport import burns
from monitor.rules.slavalues import BurnRate

FAST: Final = 6.0
"""The least factor of a pair that wakes somebody."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose budget it is."""

    deployment: str
    vantage: str
    platform: str


def budget_page(whose: Whose, history: History, terms: Terms, told: Severity | None) -> Page | None:
    """Return what is to be told now, if anything; `told`: as what it fires already."""
    rates = burns(history, terms)
    firing = [each for each in rates if each.is_firing]
    level = _level(firing)
    if level is None:
        can_tell = all(each.short is not None for each in rates)
        return _over(whose, history.now) if told is not None and can_tell else None
    if told is None or (told is Severity.TICKET and level is Severity.PAGE):
        return _firing(whose, firing[0], level, history.now)
    return None


def gone_page(whose: Whose, at: datetime) -> Page:
    """Return what is to be told of a budget that fired and is none any more."""
    summary = f"{whose.platform} has no error budget any more"
    return _page(whose, PageStatus.RESOLVED, (summary, "the settings no longer hold it to an objective"), at)


def _level(firing: Sequence[BurnRate]) -> Severity | None:
    if not firing:
        return None
    return Severity.PAGE if any(each.burn.factor >= FAST for each in firing) else Severity.TICKET


def _firing(whose: Whose, worst: BurnRate, level: Severity, at: datetime) -> Page:
    hours = worst.burn.long.total_seconds() / 3600
    summary = f"{whose.platform} spends its error budget {worst.long or 0:.1f} times as fast as was agreed"
    reason = f"in the last {hours:g} h, and still; look at monitor sla {whose.platform}, and at what is down"
    return replace(_page(whose, PageStatus.FIRING, (summary, reason), at), severity=level)


def _over(whose: Whose, at: datetime) -> Page:
    summary = f"{whose.platform} no longer spends its error budget too fast"
    return _page(whose, PageStatus.RESOLVED, (summary, "no pair of windows burns any more"), at)


def _page(whose: Whose, status: PageStatus, words: tuple[str, str], at: datetime) -> Page:
    key = f"{whose.deployment}/{whose.platform}/sla_budget@{whose.vantage}"
    summary, reason = words
    return Page(
        id=f"{key}/{status}/{int(at.timestamp() * 1000)}",
        kind=PageKind.SLA_BUDGET,
        severity=Severity.TICKET,
        status=status,
        platform=whose.platform,
        dedup_key=key,
        summary=summary,
        reason=reason,
        decided_at=at,
    )
