r"""Prometheus' text format 0.0.4, as far as we write it ourselves.

1. All lines of a family stand together, after one HELP and one TYPE line.
2. In label values backslash, quote and line feed are escaped; what can't be seen is spelled out (`glasswatch.visible`),
   so that a name from outside can't break a line or pose as another.
3. What is few is held as text, in one slot for each owner, and made anew only when the owner's values change; what is
   many (probes) is held as numbers and written when a scrape comes to it. A scrape goes piece by piece: many megabytes
   at once would hold everybody up. So a scrape is not of one instant; the lines of one owner are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from glasswatch import visible
from glasswatch.names import METRICS

PIECE: Final = 64 * 1024
Owner = TypeVar("Owner")


def start(metric: str, values: Mapping[str, str]) -> str:
    """Return a line up to its value. `values` are by label name, all of them."""
    return f"{metric}{{{labels(metric, values)}}} "


def labels(metric: str, values: Mapping[str, str]) -> str:
    """Return the labels as they stand between braces."""
    names = METRICS[metric].labels
    if set(values) != set(names):
        raise ValueError(f"{metric} has the labels {names}")
    return ",".join(f'{name}="{_escaped(values[name])}"' for name in names)


def in_pieces(parts: Iterable[str]) -> Iterator[bytes]:
    """Yield the text of all parts in pieces of about `PIECE` bytes; no part is cut."""
    waiting: list[str] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting).encode()


def _escaped(value: str) -> str:
    # A line feed becomes visible rather than \n: it has no business in a name.
    return visible.line(value).replace("\\", "\\\\").replace('"', '\\"')


class Slot:
    """Where one owner's lines of a family stand: whole lines, or nothing."""

    __slots__ = ("lines",)

    def __init__(self) -> None:
        self.lines = ""


class Family:
    """All lines of one metric."""

    def __init__(self, metric: str) -> None:
        self.name = metric
        described = METRICS[metric]
        self._head = f"# HELP {metric} {described.help}\n# TYPE {metric} {described.kind.value}\n"
        self._slots: dict[Slot, None] = {}

    def slot(self) -> Slot:
        """Return a new slot, empty."""
        slot = Slot()
        self._slots[slot] = None
        return slot

    def drop(self, slot: Slot) -> None:
        """Show a slot no more."""
        del self._slots[slot]

    def parts(self) -> Iterator[str]:
        """Yield the family's text, owner by owner, as it is when its turn comes; of owners that come later nothing."""
        yield self._head
        for slot in tuple(self._slots):
            yield slot.lines

    def parts_by(self, write: Callable[[Owner], str], owners: Iterable[Owner]) -> Iterator[str]:
        """Yield the family's text, written for each owner when its turn comes."""
        yield self._head
        yield from map(write, owners)


class Lent(Family):
    """A family as one owner has it: what was taken here can be given back, all together."""

    def __init__(self, family: Family) -> None:
        self.name = family.name
        self._family = family
        self._taken: list[Slot] = []

    def slot(self) -> Slot:
        """Return a new slot of the family."""
        slot = self._family.slot()
        self._taken.append(slot)
        return slot

    def give_back(self) -> None:
        """Show no more of what was taken."""
        for slot in self._taken:
            slot.lines = ""
            self._family.drop(slot)
        self._taken.clear()
