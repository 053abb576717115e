"""A histogram whose text is made by one formatting operation, when somebody asks for it, and kept until it changes."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Shape:
    """What all histograms of one metric share: upper bounds in seconds, rising, and the text around the values."""

    bounds: tuple[float, ...]
    template: str

    @classmethod
    def of(cls, metric: str, bounds: Sequence[float]) -> "Shape":
        """Return the shape of a metric."""
        buckets = [f'{metric}_bucket{{%s,le="{le}"}} %s\n' for le in (*map(repr, bounds), "+Inf")]
        return cls(tuple(bounds), "".join([*buckets, f"{metric}_sum{{%s}} %r\n", f"{metric}_count{{%s}} %s\n"]))


class Histogram:
    """One histogram: small, because there may be tens of thousands."""

    __slots__ = ("_counts", "_shape", "_sum", "_text")

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._counts = [0] * (len(shape.bounds) + 1)  # each bucket's own; the text adds them up
        self._sum = 0.0
        self._text = ""

    def observe(self, seconds: float) -> None:
        """Count one observation."""
        self._counts[bisect_left(self._shape.bounds, seconds)] += 1
        self._sum += seconds
        self._text = ""

    def lines(self, labels: str) -> str:
        """Return its lines, with these labels, which are always the same."""
        self._text = self._text or self._written(labels)
        return self._text

    def _written(self, labels: str) -> str:
        said: list[object] = [labels] * (2 * len(self._counts) + 4)
        said[1:-4:2] = accumulate(self._counts)
        said[-3] = self._sum
        said[-1] = said[-5]
        return self._shape.template % tuple(said)
