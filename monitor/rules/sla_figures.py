"""The numbers of a platform's SLA that metrics show, at one instant.

1. Windows are the rolling ones of `rules.sla`, and `period`, the calendar period that was agreed, as far as it is over.
2. Burn rates are those of the windows that alerts look at (`rules.sla.BURNS`).
3. A share of nothing is no number: a window of which nothing counts is left out, never 1 and never 0.
4. Without an objective there is neither a budget nor a burn rate.
5. The past is needed from `SINCE` ago on; between two readings of it, it is stretched: nothing that was settled is
   missing, and whoever asks lives.

The numbers are those of `rules.sla` to the last digit that matters, and a test holds them to it. Counted anew for each
of a dozen windows, 50 outages of three months took 60 ms every quarter of a minute; from running totals it is 1 ms.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from glasswatch.spans import Span, merge, subtract
from monitor.model.figures import Figures
from monitor.model.past import Past
from monitor.rules.past import SIGN_IS_DUE, history, spans_of
from monitor.rules.periods import Terms, current
from monitor.rules.sla import BURNS, ROLLING, History, Unmeasured, rolling

PERIOD: Final = "period"
SINCE: Final = timedelta(days=93)  # a quarter, and the longest window
_MINUTES: Final = 60
_HOURS: Final = 24


def _name(window: timedelta) -> str:
    minutes = round(window.total_seconds() / _MINUTES)
    if minutes < _MINUTES:
        return f"{minutes}m"
    hours = minutes // _MINUTES
    return f"{hours}h" if hours <= _HOURS else f"{hours // _HOURS}d"


BURNING: Final[Mapping[str, timedelta]] = {_name(each): each for burn in BURNS for each in (burn.short, burn.long)}
WINDOWS: Final = (*ROLLING, PERIOD)


def figures(past: Past, terms: Terms) -> Figures:
    """Return the numbers as of when the past ends."""
    held = history(past)
    book = _Book(held, terms.not_measured)
    spans = {name: rolling(length, held.now) for name, length in ROLLING.items()}
    spans[PERIOD] = current(terms, held.now).span
    sums = {name: book.of(span) for name, span in spans.items()}
    return Figures(
        objective=terms.objective,
        budget_remaining=_budget_left(book, spans[PERIOD], terms),
        availability={name: each.availability for name, each in sums.items() if each.availability is not None},
        coverage={name: each.seen / each.left for name, each in sums.items() if each.left},
        downtime_seconds={name: each.down for name, each in sums.items()},
        burn_rates=_burn_rates(book, held.now, terms),
    )


def stretched(past: Past, now: datetime) -> Past:
    """Return the past as it is a while after it was read, nothing having been settled since, by whoever lived on."""
    last = max((span.end for span in past.alive), default=past.until)
    if not timedelta() <= past.until - last <= SIGN_IS_DUE:
        last = past.until
    if now <= last:
        return past
    return replace(past, until=now, alive=[*past.alive, Span(last, now)])


class _Total:
    """How much time spans hold within any other one, without looking at each of them again."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._starts = [span.start.timestamp() for span in spans]
        self._lengths = [span.seconds for span in spans]
        self._before = [0.0, *accumulate(self._lengths)]

    def within(self, span: Span) -> float:
        return self._until(span.end.timestamp()) - self._until(span.start.timestamp())

    def _until(self, at: float) -> float:
        nth = bisect_right(self._starts, at) - 1
        return 0.0 if nth < 0 else self._before[nth] + min(at - self._starts[nth], self._lengths[nth])


class _Sums:
    """The seconds of one span: `left` without what is excluded, `seen` of them measured, `down` of those."""

    def __init__(self, left: float, seen: float, down: float, not_measured: Unmeasured) -> None:
        self.left, self.seen, self.down = left, seen, down
        self.counted = seen if not_measured is Unmeasured.LEFT_OUT else left
        self.bad = down + (left - seen if not_measured is Unmeasured.DOWN else 0.0)

    @property
    def availability(self) -> float | None:
        return (self.counted - self.bad) / self.counted if self.counted else None


class _Book:
    """Running totals of what is on record."""

    def __init__(self, held: History, not_measured: Unmeasured) -> None:
        self._now = held.now
        self._not_measured = not_measured
        excluded = merge(held.excluded)
        seen = subtract([Span(held.watched_since, held.now)], [*excluded, *held.unmeasured])
        down = spans_of(held.outages, held.now)
        self.excluded = _Total(excluded)
        self._seen = _Total(seen)
        self._down = _Total(subtract(down, subtract(down, seen)))

    def of(self, span: Span) -> _Sums:
        over = Span(min(span.start, self._now), min(span.end, self._now))
        left = over.seconds - self.excluded.within(over)
        return _Sums(left, self._seen.within(over), self._down.within(over), self._not_measured)


def _budget_left(book: _Book, period: Span, terms: Terms) -> float | None:
    if terms.objective is None:
        return None
    budget = (1.0 - terms.objective) * (period.seconds - book.excluded.within(period))
    return 1.0 - book.of(period).bad / budget if budget > 0 else None


def _burn_rates(book: _Book, now: datetime, terms: Terms) -> dict[str, float]:
    if terms.objective is None or terms.objective >= 1.0:
        return {}
    found: dict[str, float] = {}
    for name, window in BURNING.items():
        availability = book.of(rolling(window, now)).availability
        if availability is not None:
            found[name] = (1.0 - availability) / (1.0 - terms.objective)
    return found
