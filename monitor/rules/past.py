"""From what is on record of a platform to what an account of it is made from (`rules.sla`).

1. Not measured is: a verdict that was unknown, a blind vantage, the time between signs of life, and the time in which
   the platform was not watched. A sign of life that is due is waited for: so long the record ends at the last one.
2. A platform is down as its outages say. A function is down from when its verdict turned down until it no longer was;
   where it opened an outage, or had one go on, from the first bad outcome there, and where it was down until that
   ended, until its first good one.
3. A platform's maintenance is what was agreed for all of it. Besides, time in which nothing but functions in a
   maintenance of their own was down. Windows for probes take nothing out.
4. What a status page said holds until it said something else. While nobody listened, nothing was said.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from glasswatch.spans import Span, merge, subtract
from monitor.model.past import Past, VerdictChange, Word
from monitor.model.state import Outage
from monitor.model.verdict import Verdict
from monitor.rules.maintenance import agreed
from monitor.rules.sla import History

SIGN_IS_DUE: Final = timedelta(seconds=30)
"""For how long a sign of life is waited for (one comes every 5 s)."""


def functions(past: Past) -> tuple[str, ...]:
    """Return the functions of which something is on record, by name."""
    return tuple(sorted({each.function for each in past.changes if each.function is not None}))


def history(past: Past, function: str | None = None) -> History:
    """Return what an account of the platform is made from, or of one of its functions."""
    now = read_at(past)
    whole = Span(min(past.since, now), now)
    outages = past.outages if function is None else _of_function(past, function, now)
    return History(
        outages=outages,
        unmeasured=unmeasured(past, function),
        excluded=_excluded(past, function, now),
        watched_since=whole.start,
        now=now,
    )


def read_at(past: Past) -> datetime:
    """Return until when the record tells anything."""
    last = max((span.end for span in past.alive), default=past.until)
    return last if timedelta() <= past.until - last <= SIGN_IS_DUE else past.until


def unmeasured(past: Past, function: str | None = None) -> list[Span]:
    """Return when nobody could tell how the platform was, or one of its functions."""
    now = read_at(past)
    whole = Span(min(past.since, now), now)
    unknown = _held(past, function, now, Verdict.UNKNOWN)
    return merge([*unknown, *past.blind, *past.unwatched, *subtract([whole], past.alive)])


def downtime(past: Past, function: str) -> list[Span]:
    """Return when a function was down."""
    return merge(span for each in _of_function(past, function, read_at(past)) for span in _on(each, read_at(past)))


def said(past: Past, probe: str) -> dict[Word, list[Span]]:
    """Return when a probe's status page said what; what it did not say is `not_told`."""
    now = read_at(past)
    mine = [each for each in past.said if each.probe == probe]
    whole = Span(min(past.since, now), now)
    deaf = [*subtract([whole], past.alive), *past.unwatched]
    found: dict[Word, list[Span]] = {word: [] for word in Word}
    for each, until in zip(mine, [*(one.at for one in mine[1:]), now], strict=True):
        if each.at < until:
            found[each.word].append(Span(max(each.at, whole.start), max(until, whole.start)))
    heard = {word: subtract(spans, deaf) for word, spans in found.items()}
    told = [span for word, spans in heard.items() if word is not Word.NOT_TOLD for span in spans]
    heard[Word.NOT_TOLD] = subtract([whole], told)
    return heard


def pages(past: Past) -> tuple[str, ...]:
    """Return the probes whose status page said something, by name."""
    return tuple(sorted({each.probe for each in past.said}))


def _changes(past: Past, function: str | None) -> list[VerdictChange]:
    return [each for each in past.changes if each.function == function]


def _held(past: Past, function: str | None, now: datetime, verdict: Verdict) -> list[Span]:
    """Return when a verdict held, from when it turned so; before the first change what that one took the place of."""
    changes = _changes(past, function)
    if not changes:
        return [Span(min(past.since, now), now)] if verdict is Verdict.UNKNOWN else []
    since, held, found = min(past.since, changes[0].at, now), changes[0].was, []
    for each in changes:
        if held is verdict and since < min(each.at, now):
            found.append(Span(since, min(each.at, now)))
        since, held = max(each.at, since), each.now
    if held is verdict and since < now:
        found.append(Span(since, now))
    return found


def _of_function(past: Past, function: str, now: datetime) -> list[Outage]:
    """Return a function's downtime as outages of its own: those of the platform that it was part of, and others."""
    parts_of = [(each, _on(each, now)) for each in past.outages if function in each.functions]
    names = {function, *(name for each, _ in parts_of for name in each.functions)}
    falls_of = {name: _held(past, name, now, Verdict.DOWN) for name in names}
    falls, found, told = falls_of[function], list[Outage](), list[Span]()
    for outage, parts in parts_of:
        all_falls = [fall for name in outage.functions for fall in falls_of[name]]
        mine = merge(part for on in parts for part in _shared(falls, all_falls, on))
        if mine:
            found.append(_as_outage(outage, function, mine, now))
        # Until its end is confirmed the verdict stays down: that time is the outage's own, and up.
        told += [*parts, *(Span(on.end, fall.end) for on in parts for fall in falls if fall.start < on.end < fall.end)]
    return [*found, *(_alone(past, function, span, now) for span in subtract(falls, told))]


def _shared(falls: Iterable[Span], all_falls: Iterable[Span], on: Span) -> Iterator[Span]:
    """Yield when a function was down while an outage was on; what fell first had it begin, before it was confirmed."""
    first = min((max(fall.start, on.start) for fall in all_falls if fall.intersect(on) is not None), default=on.end)
    for fall in falls:
        part = fall.intersect(on)
        if part is not None:
            yield Span(on.start if fall.start <= first else part.start, part.end)


def _as_outage(outage: Outage, function: str, spans: Sequence[Span], now: datetime) -> Outage:
    whole = Span(spans[0].start, spans[-1].end)
    is_open = outage.ended_at is None and whole.end >= now
    return replace(
        outage,
        opened_at=whole.start,
        confirmed_at=max(outage.confirmed_at, whole.start),
        functions=(function,),
        ended_at=None if is_open else whole.end,
        cleared_at=None if is_open else outage.cleared_at,
        interruptions=tuple((hole.start, hole.end) for hole in subtract([whole], spans)),
    )


def _alone(past: Past, function: str, span: Span, now: datetime) -> Outage:
    ended = None if span.end >= now else span.end
    return Outage(
        id=f"{past.platform}/{function}/{span.start.isoformat()}",
        platform=past.platform,
        opened_at=span.start,
        confirmed_at=span.start,
        functions=(function,),
        openers=(),
        reason="",
        ended_at=ended,
        cleared_at=ended,
    )


def _excluded(past: Past, function: str | None, now: datetime) -> list[Span]:
    end = max(now, past.since) + timedelta(days=400)  # a budget counts what is still to come
    within = Span(past.since, end)
    whole = agreed(past.windows, within, function)
    return whole if function is not None else merge([*whole, *_only_in_their_own(past, within, now)])


def _only_in_their_own(past: Past, within: Span, now: datetime) -> list[Span]:
    """Return when an outage was on, and every function that was down was in a maintenance of its own."""
    if all(window.range.is_all for window in past.windows):
        return []
    covered: list[Span] = []
    bare: list[Span] = []
    for name in functions(past):
        down, own = downtime(past, name), agreed(past.windows, within, name)
        left = subtract(down, own)
        bare += left
        covered += subtract(down, left)
    on = [span for outage in past.outages for span in _on(outage, now)]
    alone = subtract(covered, bare)
    return subtract(alone, subtract(alone, on))


def _on(outage: Outage, now: datetime) -> list[Span]:
    end = _over_at(outage, now)
    return subtract([Span(min(outage.opened_at, end), end)], [Span(*each) for each in outage.interruptions])


def _over_at(outage: Outage, now: datetime) -> datetime:
    return now if outage.ended_at is None else min(outage.ended_at, now)


def spans_of(outages: Iterable[Outage], now: datetime) -> list[Span]:
    """Return when any of these outages was on, as far as that is over."""
    return merge(span for each in outages for span in _on(each, now))
