"""When a reader was let in, and when the promises about an outage held: spans, worked out from a recording. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.faults.recording import Document, Promised, Recording
from tests.support.siege import Span

READY = "ready"


@dataclass(frozen=True, slots=True)
class Opening:
    """From `start` to `end` a reader of this source is let in. `first` is the document that let it in.

    `is_sealed`: another document ended it, not the time.
    """

    source: str
    start: datetime
    end: datetime
    first: Document
    is_sealed: bool


def openings(recording: Recording, source: str) -> list[Opening]:
    """Return when whoever reads one source was let in. A document holds until the next one or its own end."""
    seen = [document for document in recording.documents if document.source == source]
    found: list[Opening] = []
    for number, document in enumerate(seen):
        if document.state != READY:
            continue
        following = seen[number + 1].at if number + 1 < len(seen) else recording.until()
        expires = document.expires or following
        opening = Opening(source, document.at, min(following, expires), document, is_sealed=_seals(seen, number))
        if found and found[-1].end == opening.start:
            found[-1] = replace(found[-1], end=opening.end, is_sealed=opening.is_sealed)
        else:
            found.append(opening)
    return found


def every_opening(recording: Recording) -> list[Opening]:
    """Return the openings of all sources, by their beginning."""
    found = [each for source in recording.sources for each in openings(recording, source)]
    return sorted(found, key=lambda opening: opening.start)


def windows(recording: Recording, outage: Span, promise: Promised) -> list[Span]:
    """Return the parts of an outage in which nothing hindered the keeping of a promise."""
    hindered = [each.span for each in recording.hindrances if promise in each.hinders]
    blockers = [*recording.away, *recording.unseeing, *recording.stalls, *hindered]
    return without(Span(outage.start, outage.end or recording.until()), blockers, recording.until())


def without(span: Span, blockers: Iterable[Span], end: datetime) -> list[Span]:
    """Return what is left of a span."""
    left: list[Span] = []
    start, last = span.start, span.end or end
    for blocker in sorted(blockers, key=lambda each: each.start):
        if blocker.start > start:
            left.append(Span(start, min(blocker.start, last)))
        start = max(start, blocker.end or end)
        if start >= last:
            return left
    return [*left, Span(start, last)]


def uncovered(since: datetime, until: datetime, covers: Sequence[Opening]) -> datetime | None:
    """Return the first instant of a span in which nobody is let in; None if there is none."""
    at = since
    for opening in sorted(covers, key=lambda each: each.start):
        if opening.start <= at:
            at = max(at, opening.end)
    return at if at < until else None


def overlap(span: Span, others: Iterable[Span], end: datetime) -> timedelta:
    """Return how much of a span the others take up, those that overlap each other counted twice."""
    found = timedelta()
    for other in others:
        first, last = max(span.start, other.start), min(span.end or end, other.end or end)
        found += max(timedelta(), last - first)
    return found


def _seals(seen: Sequence[Document], number: int) -> bool:
    if number + 1 == len(seen):
        return False
    document, following = seen[number], seen[number + 1]
    return following.refusal is None and (document.expires is None or following.at < document.expires)
