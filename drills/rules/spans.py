"""The spans that a drill exists to measure, each against its target.

1. A span begins when the first step that begins it is done: when what it did happened, where the journal says so
   (`happened_at`), else when its end was written. It ends likewise with the last of the steps that end it.
2. It is measured only if a step began it and came out well, and every step that ends it is real and passed. What was
   simulated may begin a span, and never ends one.
3. `total` goes from the first step's beginning to the last end, of a step or of an undo.
4. Between two entries of one boot it is what the clock says that never goes back. Otherwise it is what clocks on the
   wall say, and `why` says so: theirs who saw it, this machine's, or one against the other.
5. Clocks on the wall measure nothing where this machine's was set meanwhile by more than `SET`, or where the end lies
   before the beginning.
6. Runs are compared by the spans that both measured. The `total` of a run that broke off says how soon it did so: it
   is compared only where every step was done, and nothing cut the run short.
7. Where it was not measured, `why` says what was missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from drills.model.event import Began, Ended, Entry, UndoEnded
from drills.model.step import PlannedStep, Span, Status
from drills.model.verdict import Measured
from drills.rules.results import end_of, is_whole, opened_in

SET: Final = timedelta(seconds=2)
_BEGINS_WELL: Final = frozenset({Status.PASSED, Status.SIMULATED})


class _Missing(Exception):
    """What keeps a span from being measured."""


@dataclass(frozen=True, slots=True)
class _Point:
    """When something happened: by an entry, or as whoever saw it told."""

    entry: Entry
    told: datetime | None = None

    @property
    def at(self) -> datetime:
        return self.told or self.entry.at


def measured(entries: Sequence[Entry]) -> tuple[Measured, ...]:
    """Return the spans that have a target or were measured, in the order of `Span`."""
    opened = opened_in(entries)
    if opened is None:
        return ()
    spans = [_measured(span, opened.steps, opened.targets.get(span), entries) for span in Span]
    return tuple(span for span in spans if span.target is not None or span.seconds is not None)


def _measured(span: Span, steps: Sequence[PlannedStep], target: float | None, entries: Sequence[Entry]) -> Measured:
    try:
        begin, end = (
            _whole(entries) if span is Span.TOTAL else (_begin(span, steps, entries), _end(span, steps, entries))
        )
        seconds, why = _between(begin, end, entries)
    except _Missing as missing:
        return Measured(span, None, target, str(missing))
    return Measured(span, seconds, target, why)


def _begin(span: Span, steps: Sequence[PlannedStep], entries: Sequence[Entry]) -> _Point:
    of = [step for step in steps if span in step.begins]
    if not of:
        raise _Missing("no step begins it")
    points = [point for step in of if (point := _point(step, entries, _BEGINS_WELL)) is not None]
    if not points:
        raise _Missing(f"{of[0].id}, which begins it, did not pass")
    return min(points, key=lambda point: point.entry.head.seq)


def _end(span: Span, steps: Sequence[PlannedStep], entries: Sequence[Entry]) -> _Point:
    of = [step for step in steps if span in step.ends]
    if not of:
        raise _Missing("no step ends it")
    points: list[_Point] = []
    for step in of:
        point = _point(step, entries, frozenset({Status.PASSED})) if step.is_real else None
        if point is None:
            raise _Missing(f"{step.id}, which ends it, did not pass" if step.is_real else f"{step.id} is not real")
        points.append(point)
    return max(points, key=lambda point: point.at)


def _point(step: PlannedStep, entries: Sequence[Entry], well: frozenset[Status]) -> _Point | None:
    entry = end_of(step.id, entries)
    if entry is None or not isinstance(entry.event, Ended) or entry.event.status not in well:
        return None
    return _Point(entry, entry.event.happened_at)


def _whole(entries: Sequence[Entry]) -> tuple[_Point, _Point]:
    began = next((entry for entry in entries if isinstance(entry.event, Began)), None)
    ended = [entry for entry in entries if isinstance(entry.event, Ended | UndoEnded)]
    if began is None or not ended:
        raise _Missing("no step was done")
    return _Point(began), _Point(ended[-1])


def _between(begin: _Point, end: _Point, entries: Sequence[Entry]) -> tuple[float, str]:
    if begin.told is None and end.told is None and _one_boot(begin.entry, end.entry, entries):
        return _not_before((end.entry.mono - begin.entry.mono) / 1000), ""
    if _was_set(begin.entry, end.entry, entries):
        raise _Missing("the clock on the wall was set meanwhile")
    seconds = _not_before((end.at - begin.at).total_seconds())
    if begin.told is not None and end.told is not None:
        return seconds, "by the clocks of those who saw it"
    if begin.told is None and end.told is None:
        return seconds, "by this machine's clock on the wall: it was started anew, or another went on"
    return seconds, "by this machine's clock on the wall against the clock of who saw it"


def _not_before(seconds: float) -> float:
    if seconds < 0:
        raise _Missing("its end lies before its beginning: clocks differ, or the steps came in another order")
    return seconds


def _meanwhile(begin: Entry, end: Entry, entries: Sequence[Entry]) -> list[Entry]:
    first, last = sorted((begin.head.seq, end.head.seq))
    return [entry for entry in entries if first <= entry.head.seq <= last]


def _one_boot(begin: Entry, end: Entry, entries: Sequence[Entry]) -> bool:
    return len({entry.boot for entry in _meanwhile(begin, end, entries)}) == 1


def _was_set(begin: Entry, end: Entry, entries: Sequence[Entry]) -> bool:
    """Return whether between two entries the wall clock went on by more, or by less, than time did."""
    for one, other in pairwise(_meanwhile(begin, end, entries)):
        passed = timedelta(milliseconds=other.mono - one.mono)
        if one.boot == other.boot and abs((other.at - one.at) - passed) > SET:
            return True
    return False


def comparable(spans: Sequence[Measured], entries: Sequence[Entry]) -> Mapping[Span, float]:
    """Return of a run what was measured, as far as other runs may be compared with it."""
    left_out = () if is_whole(entries) else (Span.TOTAL,)
    return {each.span: each.seconds for each in spans if each.seconds is not None and each.span not in left_out}
