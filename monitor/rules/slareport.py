"""Puts a report together from what is on record of a platform.

1. A period that is over is told of as it was; one that is going on, as far as it is, with rolling windows and burn
   rates up to now; one that lies ahead holds nothing.
2. An objective is breached when the availability that was agreed on is below it. Where nothing counts that can't be
   told, and it is told so. Credit follows only from a period of the kind that it was agreed on for.
3. A vendor's page is compared second by second: what it said while we found the platform down. Time in which it told
   of maintenance counts neither for it nor against it.
4. Notes say in plain words what a reader must know before believing the figures.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from math import floor
from typing import Final

from glasswatch.spans import Span, merge, subtract, total_seconds
from monitor.model.past import Past, Word
from monitor.rules import past as pasts
from monitor.rules import sla
from monitor.rules.maintenance import spans as window_spans
from monitor.rules.periods import Period, Terms
from monitor.rules.sla import History
from monitor.rules.slavalues import BurnRate, Claim, Excluded, Pace, SlaReport, Standing, Subject

LOOK_BACK: Final = max(sla.ROLLING.values())
_ALL: Final = 0.99995  # a coverage that is shown as 100 %


def since(period: Period, now: datetime) -> datetime:
    """Return from when on the past is needed for a report."""
    is_current = period.span.contains(now)
    return min(period.span.start, now - LOOK_BACK) if is_current else period.span.start


def report(subject: Subject, past: Past, terms: Terms, period: Period) -> SlaReport:
    """Return the report on a period."""
    whole = pasts.history(past)
    found = sla.account(whole, period.span, terms.not_measured)
    standing = stands(period, past.until)
    objective, is_current = terms.objective, standing is Standing.GOING_ON
    names = pasts.functions(past)
    touching = [each for each in past.outages if _touches(pasts.spans_of([each], whole.now), period.span)]
    breached = None if objective is None or found.availability is None else found.availability < objective
    return SlaReport(
        subject=subject,
        period=period,
        terms=terms,
        standing=standing,
        read_at=whole.now,
        account=found,
        functions={name: sla.account(pasts.history(past, name), period.span, terms.not_measured) for name in names},
        budget_seconds=None if objective is None else sla.budget_seconds(whole, period.span, objective),
        budget_remaining=None
        if objective is None or not found.counted_seconds
        else sla.budget_remaining(whole, period.span, objective, terms.not_measured),
        breached=breached,
        credit=sla.credit(found.availability, terms.credits) if period.kind == terms.period else 0.0,
        rolling={
            name: sla.account(whole, sla.rolling(length, whole.now), terms.not_measured)
            for name, length in sla.ROLLING.items()
        }
        if is_current
        else {},
        burns=burns(whole, terms) if is_current else (),
        outages=touching,
        counted_seconds={each.id: sla.counted_seconds(whole, each, period.span) for each in touching},
        excluded=list(_excluded(past, period.span)),
        unmeasured=_clipped(pasts.unmeasured(past), _over(period.span, whole.now)),
        claims=[_claim(past, whole, probe, period.span) for probe in pasts.pages(past)],
        days=[sla.account(whole, day, terms.not_measured) for day in days(period, terms)],
        notes=[*_notes(found, standing, terms, whole.now), *_of_another_kind(period, terms)],
    )


def proven_since(report: SlaReport) -> datetime:
    """Return from when on entries of the audit may tell of a report's outages."""
    return min((each.opened_at for each in report.outages), default=report.period.span.start) - timedelta(days=1)


def stands(period: Period, now: datetime) -> Standing:
    """Return where a period stands."""
    if now < period.span.start:
        return Standing.AHEAD
    return Standing.GOING_ON if now < period.span.end else Standing.OVER


def burns(history: History, terms: Terms) -> list[BurnRate]:
    """Return how fast the budget is spent, pair by pair; nothing without an objective."""
    objective = terms.objective
    if objective is None:
        return []
    firing = sla.burning(history, objective, terms.not_measured)
    return [
        BurnRate(
            each,
            sla.burn_rate(history, each.short, objective, terms.not_measured),
            sla.burn_rate(history, each.long, objective, terms.not_measured),
            each in firing,
        )
        for each in sla.BURNS
    ]


def days(period: Period, terms: Terms) -> list[Span]:
    """Return the local days of a period, in order."""
    start, end = period.span.start, period.span.end
    first = start.astimezone(terms.zone).date()
    edges = [start]
    for number in range(1, (end - start).days + 2):
        midnight = datetime.combine(first + timedelta(days=number), time(), tzinfo=terms.zone).astimezone(UTC)
        edges += [midnight] if edges[-1] < midnight < end else []
    return [Span(*pair) for pair in pairwise([*edges, end])]


def paces(daily: Mapping[str, Sequence[Counter[float]]]) -> list[Pace]:
    """Return how long probes took, by name."""
    found = []
    for probe, counts in daily.items():
        whole: Counter[float] = Counter()
        for each in counts:
            whole.update(each)
        days_of = [(_quantile(each, 0.5), _quantile(each, 0.95)) if each else None for each in counts]
        if whole:
            found.append(Pace(probe, _quantile(whole, 0.5), _quantile(whole, 0.95), days_of))
    return found


def _quantile(counts: Counter[float], share: float) -> float:
    wanted, seen, value = share * counts.total(), 0, 0.0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= wanted:
            break
    return value


def _claim(past: Past, history: History, probe: str, period: Span) -> Claim:
    over = _over(period, history.now)
    said = {word: _clipped(spans, over) for word, spans in pasts.said(past, probe).items()}
    told = sum(total_seconds(said[word]) for word in (Word.WELL, Word.DEGRADED, Word.OUTAGE))
    outage = total_seconds(said[Word.OUTAGE])
    down = subtract(_clipped(pasts.spans_of(past.outages, history.now), over), [*history.unmeasured, *history.excluded])
    denied = [*said[Word.WELL], *said[Word.DEGRADED], *said[Word.MAINTENANCE]]
    return Claim(
        probe=probe,
        seconds={word: total_seconds(spans) for word, spans in said.items()},
        availability=(told - outage) / told if told else None,
        unsaid_down_seconds=total_seconds(down) - total_seconds(subtract(down, denied)),
        outages=said[Word.OUTAGE],
    )


def _excluded(past: Past, period: Span) -> Iterator[Excluded]:
    for window in past.windows:
        found = merge(window_spans(window, period))
        if found and (window.range.is_all or window.range.functions):
            yield Excluded(
                window=window.label,
                by=window.by,
                confirmed_by=window.confirmed_by,
                agreed_at=window.agreed_at,
                reason=window.reason,
                spans=found,
                functions=window.range.functions,
            )


def _notes(found: sla.Account, standing: Standing, terms: Terms, now: datetime) -> Iterator[str]:
    if standing is Standing.AHEAD:
        yield "The period has not begun: there is nothing to tell yet."
        return
    if standing is Standing.GOING_ON:
        yield f"The period is going on: figures are as of {now:%Y-%m-%d %H:%M:%SZ}."
    if found.coverage is None and not found.excluded_seconds:
        yield "Nothing of it is on record yet."
    elif found.coverage is None:
        yield "All of it was agreed maintenance: there is nothing to measure."
    elif found.coverage == 0:
        yield "Nothing was measured in this period: no availability can be told from it."
    elif found.coverage < _ALL:
        counts = {
            sla.Unmeasured.LEFT_OUT: "is left out of the availability",
            sla.Unmeasured.DOWN: "counts as down, as was agreed",
            sla.Unmeasured.UP: "counts as up, as was agreed",
        }
        share = f"{floor(found.coverage * 10_000 + 1e-6) / 100:.2f} %"  # never rounded up
        yield f"The period was only partly watched: {share} of it was measured; the rest {counts[terms.not_measured]}."
    if terms.objective is None:
        yield "No objective is set for this platform (platforms.NAME.sla): nothing is compared."


def _of_another_kind(period: Period, terms: Terms) -> Iterator[str]:
    if terms.objective is not None and period.kind != terms.period:
        yield (
            f"The objective was agreed on for each calendar {terms.period}, and this is a {period.kind}: it is "
            "compared, but no credit follows from it."
        )


def _over(period: Span, now: datetime) -> Span:
    return Span(min(period.start, now), max(min(period.end, now), min(period.start, now)))


def _clipped(spans: Sequence[Span], within: Span) -> list[Span]:
    return [part for span in merge(spans) if (part := span.intersect(within)) is not None]


def _touches(spans: Sequence[Span], period: Span) -> bool:
    return any(span.intersect(period) is not None for span in spans)
