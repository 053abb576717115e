r"""Prometheus' text format 0.0.4, as far as we write it ourselves.

1. All lines of a family stand together, after one HELP and one TYPE line.
2. In label values backslash, quote and line feed are escaped; what can't be seen is spelled out (`monitor.visible`),
   so that a name from outside can't break a line or pose as another.
3. A family's lines are held as text, in one slot for each owner, and made anew only when the owner's values change:
   a scrape joins them and computes nothing.
"""

from collections.abc import Mapping

from glasswatch.names import METRICS
from monitor import visible


def start(metric: str, values: Mapping[str, str], suffix: str = "") -> str:
    """Return a line up to its value. `values` are by label name, all of them; `suffix` as in `_bucket`.

    A histogram's buckets may have an `le` besides, which comes last.
    """
    names = METRICS[metric].labels
    if set(values) - {"le"} != set(names):
        raise ValueError(f"{metric} has the labels {names}")
    shown = [*names, "le"] if "le" in values else names
    labels = ",".join(f'{name}="{_escaped(values[name])}"' for name in shown)
    return f"{metric}{suffix}{{{labels}}} "


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
        self._slots: list[Slot] = []

    def slot(self) -> Slot:
        """Return a new slot, empty."""
        slot = Slot()
        self._slots.append(slot)
        return slot

    def parts(self) -> list[str]:
        """Return the family's text in pieces."""
        return [self._head, *[slot.lines for slot in self._slots]]
