"""When agreed maintenance is in force, and what of a platform it is for (design 3.7). Asked now, and of any time past.

1. A window is in force in the half-open spans between its start and its end that its calendar names; without one, in
   all of that time. What ended it early cuts off what lies behind. Nothing but what was agreed counts: neither what is
   proposed, nor what waits for a second person.
2. It is for the whole platform, or for the functions and probes that it names. A function is in maintenance while a
   window is for it or for the platform, or while each of its deciding probes that are bad is in one.
3. Windows overlap and touch as they like: what counts is the time that all of them make together.

`agreed` is what an SLA asks: which time of a span was agreed maintenance.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from glasswatch.spans import Span, merge
from monitor.model.maintenance import InForce, Maintenance, Window
from monitor.rules import recurrence

_LAST: Final = timedelta(microseconds=1)


def spans(window: Window, within: Span) -> list[Span]:
    """Return when a window is in force within a time."""
    end = within.end if window.ends_at is None else min(within.end, window.ends_at)
    start = max(within.start, window.since)
    if start >= end:
        return []
    held = Span(start, end)
    return [held] if window.calendar is None else recurrence.spans(window.calendar, held)


def agreed(windows: Iterable[Window], within: Span, function: str | None = None) -> list[Span]:
    """Return the agreed maintenance of a platform within a time; with `function`, what is for that function besides."""
    chosen = (window for window in windows if window.range.is_all or function in window.range.functions)
    return merge(span for window in chosen for span in spans(window, within))


def of_probe(windows: Iterable[Window], within: Span, probe: str) -> list[Span]:
    """Return the time within which windows name a probe."""
    return merge(span for window in windows if probe in window.range.probes for span in spans(window, within))


def covers(windows: Sequence[Window], function: str | None, probes: Sequence[str], time: Span) -> bool:
    """Whether a function was in maintenance all of this time, its bad deciding probes being these.

    `function` None: nothing but what is for the whole platform counts.
    """
    whole = agreed(windows, time, function)
    for_probes = _all_of([of_probe(windows, time, probe) for probe in probes])
    return any(span.start <= time.start and time.end <= span.end for span in merge([*whole, *for_probes]))


def up_to(since: datetime, now: datetime) -> Span:
    """Return the time from an instant to now, now included."""
    return Span(min(since, now), now + _LAST)


def in_force(windows: Iterable[Window], now: datetime) -> tuple[InForce, ...]:
    """Return the windows that are in force at an instant, and until when each of them is."""
    found = ((window, current(window, now)) for window in windows)
    return tuple(InForce(window.id, window.label, span.start, span.end) for window, span in found if span is not None)


def first_coming(windows: Iterable[Window], now: datetime) -> InForce | None:
    """Return which window comes into force first after an instant."""
    found = ((window, coming(window, now)) for window in windows)
    ahead = [InForce(window.id, window.label, span.start, span.end) for window, span in found if span is not None]
    return min(ahead, key=lambda each: (each.since, each.window), default=None)


def current(window: Window, now: datetime) -> Span | None:
    """Return the span in which a window is in force at an instant; None if it isn't."""
    return _around(window, now)[0]


def coming(window: Window, now: datetime) -> Span | None:
    """Return the first span after an instant; None if there is none, or none that can be told yet."""
    return _around(window, now)[1]


def _around(window: Window, now: datetime) -> tuple[Span | None, Span | None]:
    ends_at = window.ends_at
    if ends_at is not None and ends_at <= max(now, window.since):
        return None, None
    if window.calendar is not None:
        at = max(now, window.since)
        first, then = recurrence.around(window.calendar, at)
        held = [_cut(span, window) for span in (first, then)]
        return (held[0], held[1]) if now >= window.since else (None, held[0] or held[1])
    if ends_at is None:
        return None, None  # a window that comes once has an end
    whole = Span(window.since, ends_at)
    return (whole, None) if whole.contains(now) else (None, whole)


def _cut(span: Span | None, window: Window) -> Span | None:
    if span is None:
        return None
    start = max(span.start, window.since)
    end = span.end if window.ends_at is None else min(span.end, window.ends_at)
    return Span(start, end) if start < end else None


def takes_out(held: Maintenance, down: Collection[str], *, is_outage: bool) -> bool:
    """Whether time as it is now counts as agreed maintenance of a platform, of which these functions are down.

    It does in a window for all of it; and in an outage while everything that is down is in a window of its own.
    """
    windows = {window.id: window for window in held.windows}
    ranges = [windows[each.window].range for each in held.in_force if each.window in windows]
    kept = {function for each in ranges for function in each.functions}
    return any(each.is_all for each in ranges) or (is_outage and bool(down) and kept.issuperset(down))


def next_change(windows: Iterable[Window], now: datetime) -> datetime | None:
    """Return when a window comes into force, or no longer is, first after an instant; None: never."""
    instants: list[datetime] = []
    for window in windows:
        here, then = _around(window, now)
        instants += [here.end] if here is not None else []
        instants += [then.start] if then is not None else []
    return min(instants, default=None)


def _all_of(parts: Sequence[list[Span]]) -> list[Span]:
    """Return the time that all of these hold; none, of none."""
    if not parts:
        return []
    held = parts[0]
    for part in parts[1:]:
        crossed = (one.intersect(other) for one in held for other in part)
        held = [span for span in crossed if span is not None]
    return merge(held)
