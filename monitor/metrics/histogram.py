"""A histogram whose text is made by one formatting operation."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from monitor.metrics.exposition import Family, start


class Histogram:
    """One labelled histogram in a slot of its family. `bounds` are upper bounds in seconds, rising."""

    __slots__ = ("_bounds", "_counts", "_slot", "_sum", "_template")

    def __init__(self, family: Family, values: Mapping[str, str], bounds: Sequence[float]) -> None:
        self._slot = family.slot()
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        lines = [
            *(_start(family, {**values, "le": le}, "_bucket") + "%s" for le in (*map(repr, self._bounds), "+Inf")),
            _start(family, values, "_sum") + "%r",
            _start(family, values, "_count") + "%s",
        ]
        self._template = "".join(f"{line}\n" for line in lines)
        self._write()

    def observe(self, seconds: float) -> None:
        """Count one observation."""
        counts = self._counts
        for place in range(bisect_left(self._bounds, seconds), len(counts)):
            counts[place] += 1
        self._sum += seconds
        self._write()

    def _write(self) -> None:
        self._slot.lines = self._template % (*self._counts, self._sum, self._counts[-1])


def _start(family: Family, values: Mapping[str, str], suffix: str) -> str:
    """Return a line up to its value, safe inside a template."""
    return start(family.name, values, suffix).replace("%", "%%")
