"""Half-open spans of time, and what is counted with them.

Rules:
- A span is `[start, end)`: it holds its start and not its end, so that neighbours never share an instant.
- Both ends are aware. Arithmetic is done in UTC: local time repeats and skips hours.
- An empty span (start equals end) may be written, holds nothing, and never appears in a result.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Time from `start`, included, to `end`, not included. Ends are kept in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise ValueError("a span needs aware times")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.end < self.start:
            raise ValueError("a span ends before it starts")

    @property
    def seconds(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds()

    @property
    def is_empty(self) -> bool:
        """Whether it holds no instant at all."""
        return self.start == self.end

    def contains(self, at: datetime) -> bool:
        """Return whether this aware instant lies in it."""
        return self.start <= at < self.end

    def intersect(self, other: "Span") -> "Span | None":
        """Return what both hold; None if that is nothing."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the same time as the fewest spans, in order: overlapping and touching ones become one."""
    merged: list[Span] = []
    for span in sorted(span for span in spans if not span.is_empty):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """Return what is left of `spans` without the time of `holes`, merged and in order."""
    left: list[Span] = []
    gaps = merge(holes)
    first = 0
    for span in merge(spans):
        while first < len(gaps) and gaps[first].end <= span.start:
            first += 1
        start = span.start
        for gap in gaps[first:]:
            if gap.start >= span.end:
                break
            if start < gap.start:
                left.append(Span(start, gap.start))
            start = max(start, gap.end)
        if start < span.end:
            left.append(Span(start, span.end))
    return left


def total_seconds(spans: Iterable[Span]) -> float:
    """Return how much time the spans hold; what several hold counts once."""
    return sum(span.seconds for span in merge(spans))
