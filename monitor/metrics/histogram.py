"""A histogram whose text is made by one formatting operation."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache

from monitor.metrics.exposition import Family, labels


class Histogram:
    """One labelled histogram in a slot of its family. `bounds` are upper bounds in seconds, rising."""

    __slots__ = ("_bounds", "_counts", "_labels", "_slot", "_sum", "_template")

    def __init__(self, family: Family, values: Mapping[str, str], bounds: Sequence[float]) -> None:
        self._slot = family.slot()
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._labels = labels(family.name, values)
        self._template = _template(family.name, self._bounds)
        self._write()

    def observe(self, seconds: float) -> None:
        """Count one observation."""
        counts = self._counts
        for place in range(bisect_left(self._bounds, seconds), len(counts)):
            counts[place] += 1
        self._sum += seconds
        self._write()

    def _write(self) -> None:
        said: list[object] = [self._labels] * (2 * len(self._counts) + 4)
        said[1:-4:2] = self._counts
        said[-3] = self._sum
        said[-1] = self._counts[-1]
        self._slot.lines = self._template % tuple(said)


@lru_cache(maxsize=64)
def _template(metric: str, bounds: tuple[float, ...]) -> str:
    """Return all lines, each with a place for the labels and one for the value: one text for all who share it."""
    buckets = [f'{metric}_bucket{{%s,le="{le}"}} %s\n' for le in (*map(repr, bounds), "+Inf")]
    return "".join([*buckets, f"{metric}_sum{{%s}} %r\n", f"{metric}_count{{%s}} %s\n"])
