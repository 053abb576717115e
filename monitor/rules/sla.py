"""What availability was, on half-open spans: periods, downtime, coverage, error budget, burn rates, credits.

1. A second of a period is one of: *excluded* (agreed maintenance, whatever else it is), *not measured*, *down*, *up*;
   the first that holds. An outage in which nothing could be measured is not claimed for that time: nobody saw it.
2. Down is what outages say, from the first bad outcome to the good one that ended it, without their interruptions;
   one that is open lasts until now. Nothing after now counts as anything.
3. Availability is the share of what counts that was up. By the policy, what was not measured doesn't count (default),
   or counts as down, or as up. Where nothing counts there is no availability.
4. Coverage is the share of what is not excluded that was measured.
5. The error budget is what the objective leaves of the whole period without what is excluded, also of what is still to
   come. Remaining is a share of it, and below zero once more was spent.
6. A burn rate is how many times as fast as the objective allows the budget is spent. Windows are those of Google's SRE
   workbook, chapter 5: a long and a short one both burn by a factor. One lost probe never pages: it is no outage, and
   less than `LEAST` down in the long window isn't either. Nor does little downtime in a window of which little was
   measured yet: the long one must burn as well if all of the rest was up.
7. Months and quarters are those of a time zone: they begin at local midnight, or, where the clock skips it, with what
   follows.
8. An outage counts in each period that holds some of its downtime, by so much. Times to detect are those of outages
   that began in the period, times to recover those of outages that ended in it; of one that lay wholly in agreed
   maintenance there is neither.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from glasswatch.spans import Span, merge, subtract, total_seconds
from monitor.model.state import Outage

ROLLING: Final = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
LEAST: Final = timedelta(seconds=30)
_MONTHS: Final = 12
_QUARTER: Final = 3


class Unmeasured(StrEnum):
    """What time that was not measured counts as."""

    LEFT_OUT = "left_out"
    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a platform or a function until now: outages, times not measured, and agreed maintenance.

    `watched_since`: before that nothing was measured.
    """

    outages: Sequence[Outage]
    unmeasured: Sequence[Span]
    excluded: Sequence[Span]
    watched_since: datetime
    now: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A period's seconds, each in one place, and what follows; None: nothing to tell it from.

    `detect_seconds`, `recover_seconds`: means. `counted_seconds`: what availability is a share of.
    """

    period: Span
    up_seconds: float
    down_seconds: float
    unmeasured_seconds: float
    excluded_seconds: float
    counted_seconds: float
    availability: float | None
    coverage: float | None
    outages: int
    detect_seconds: float | None
    recover_seconds: float | None


@dataclass(frozen=True, slots=True)
class Burn:
    """A pair of windows, and by how much both must burn to be told of."""

    short: timedelta
    long: timedelta
    factor: float


BURNS: Final = (
    Burn(timedelta(minutes=5), timedelta(hours=1), 14.4),
    Burn(timedelta(minutes=30), timedelta(hours=6), 6.0),
    Burn(timedelta(hours=2), timedelta(hours=24), 3.0),
    Burn(timedelta(hours=6), timedelta(days=3), 1.0),
)


@dataclass(frozen=True, slots=True)
class Tier:
    """Below this availability so much of what was paid is credited: a share."""

    below: float
    credit: float


def month(at: datetime, zone: tzinfo) -> Span:
    """Return the calendar month that an instant lies in."""
    local = at.astimezone(zone)
    return Span(_first(local.year, local.month, zone), _first(local.year, local.month + 1, zone))


def quarter(at: datetime, zone: tzinfo) -> Span:
    """Return the calendar quarter that an instant lies in."""
    local = at.astimezone(zone)
    begins = (local.month - 1) // _QUARTER * _QUARTER + 1
    return Span(_first(local.year, begins, zone), _first(local.year, begins + _QUARTER, zone))


def rolling(length: timedelta, now: datetime) -> Span:
    """Return the window of this length that ends now."""
    return Span(now - length, now)


def account(history: History, period: Span, policy: Unmeasured = Unmeasured.LEFT_OUT) -> Account:
    """Return what a period was, as far as it is over."""
    known = [each for each in history.outages if subtract(_spans_of(each, history.now), history.excluded)]
    history = _near(history, period)
    over = _within([Span(min(period.start, history.now), min(period.end, history.now))], period)
    excluded = _within(history.excluded, *over)
    left = subtract(over, excluded)
    seen = subtract(left, _unseen(history))
    down = [part for span in seen for part in _within(_down(history), span)]
    down_seconds, seen_seconds, left_seconds = total_seconds(down), total_seconds(seen), total_seconds(left)
    unmeasured_seconds = left_seconds - seen_seconds
    counted = seen_seconds if policy is Unmeasured.LEFT_OUT else left_seconds
    bad = down_seconds + (unmeasured_seconds if policy is Unmeasured.DOWN else 0.0)
    return Account(
        period=period,
        up_seconds=seen_seconds - down_seconds,
        down_seconds=down_seconds,
        unmeasured_seconds=unmeasured_seconds,
        excluded_seconds=total_seconds(excluded),
        counted_seconds=counted,
        availability=(counted - bad) / counted if counted else None,
        coverage=seen_seconds / left_seconds if left_seconds else None,
        outages=sum(bool(_shared(_spans_of(each, history.now), down)) for each in history.outages),
        detect_seconds=_mean(each.detection_seconds for each in known if period.contains(each.opened_at)),
        recover_seconds=_mean(_lasted(each) for each in known if _ended_in(each, period)),
    )


def counted_seconds(history: History, outage: Outage, period: Span) -> float:
    """Return how much of an outage counts as downtime of a period: of all outages together it is all there is."""
    on = _within(_spans_of(outage, history.now), period)
    return total_seconds(subtract(on, [*history.excluded, *_unseen(history)]))


def _near(history: History, period: Span) -> History:
    """Return what of a history can touch a period: much of it does not touch a day."""

    def near(spans: Sequence[Span]) -> list[Span]:
        return [span for span in spans if span.start < period.end and period.start < span.end]

    outages = [
        each
        for each in history.outages
        if each.opened_at < period.end and (each.ended_at is None or period.start <= each.ended_at)
    ]
    return replace(history, outages=outages, unmeasured=near(history.unmeasured), excluded=near(history.excluded))


def budget_seconds(history: History, period: Span, objective: float) -> float:
    """Return how long the platform may be down in all of a period."""
    return (1.0 - objective) * total_seconds(subtract([period], history.excluded))


def budget_remaining(
    history: History, period: Span, objective: float, policy: Unmeasured = Unmeasured.LEFT_OUT
) -> float | None:
    """Return which share of the error budget is left; None where there is none to spend."""
    budget = budget_seconds(history, period, objective)
    return 1.0 - _bad_seconds(account(history, period, policy)) / budget if budget else None


def burn_rate(
    history: History, window: timedelta, objective: float, policy: Unmeasured = Unmeasured.LEFT_OUT
) -> float | None:
    """Return how fast the budget is spent in the window that ends now; None where nothing counts, or none may be."""
    found = account(history, rolling(window, history.now), policy)
    if found.availability is None or objective >= 1.0:
        return None
    return (1.0 - found.availability) / (1.0 - objective)


def burning(
    history: History, objective: float, policy: Unmeasured = Unmeasured.LEFT_OUT, burns: Sequence[Burn] = BURNS
) -> tuple[Burn, ...]:
    """Return the pairs of windows that both burn fast enough to be told of."""
    return tuple(each for each in burns if _burns(history, each, objective, policy))


def credit(availability: float | None, tiers: Sequence[Tier]) -> float:
    """Return which share is credited: the largest of the tiers that the availability is below."""
    if availability is None:
        return 0.0
    return max((tier.credit for tier in tiers if availability < tier.below), default=0.0)


def _burns(history: History, burn: Burn, objective: float, policy: Unmeasured) -> bool:
    rates = [burn_rate(history, window, objective, policy) for window in (burn.short, burn.long)]
    if any(rate is None or rate < burn.factor for rate in rates):
        return False
    found = account(history, rolling(burn.long, history.now), policy)
    allowed = (1.0 - objective) * (burn.long.total_seconds() - found.excluded_seconds)
    return found.down_seconds >= LEAST.total_seconds() and _bad_seconds(found) >= burn.factor * allowed


def _bad_seconds(found: Account) -> float:
    return 0.0 if found.availability is None else (1.0 - found.availability) * found.counted_seconds


def _unseen(history: History) -> list[Span]:
    """Return when nothing was measured, the time before anybody watched included."""
    earliest = datetime.min.replace(tzinfo=history.now.tzinfo) + timedelta(days=2)  # any zone can hold it
    return [Span(earliest, history.watched_since), *history.unmeasured]


def _down(history: History) -> list[Span]:
    return merge(span for outage in history.outages for span in _spans_of(outage, history.now))


def _spans_of(outage: Outage, now: datetime) -> list[Span]:
    """Return when an outage was on, as far as that is over."""
    end = now if outage.ended_at is None else min(outage.ended_at, now)
    whole = Span(min(outage.opened_at, end), end)
    return subtract([whole], [Span(*each) for each in outage.interruptions])


def _within(spans: Iterable[Span], *bounds: Span) -> list[Span]:
    return [part for span in merge(spans) for bound in bounds if (part := span.intersect(bound)) is not None]


def _shared(one: Iterable[Span], other: Sequence[Span]) -> list[Span]:
    return [part for span in one for part in _within(other, span)]


def _lasted(outage: Outage) -> float:
    return total_seconds(_spans_of(outage, outage.ended_at or outage.opened_at))


def _ended_in(outage: Outage, period: Span) -> bool:
    return outage.ended_at is not None and period.contains(outage.ended_at)


def _mean(values: Iterable[float]) -> float | None:
    known = list(values)
    return sum(known) / len(known) if known else None


def _first(year: int, number: int, zone: tzinfo) -> datetime:
    """Return the first instant of a month, counted on beyond December."""
    years, months = divmod(number - 1, _MONTHS)
    return datetime(year + years, months + 1, 1, tzinfo=zone)
