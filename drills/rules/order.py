"""Which steps wait for which.

1. A step needs those that it names; if it names none, the last step before it that does not run in the background.
2. What it needs, needs further steps: all of them have passed before it begins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """One step as far as its order goes: `needs` None where it names none."""

    id: str
    needs: tuple[str, ...] | None = None
    is_background: bool = False


def needs(steps: Sequence[Link]) -> dict[str, tuple[str, ...]]:
    """Return what each step needs, by id, in the steps' order."""
    found: dict[str, tuple[str, ...]] = {}
    before: tuple[str, ...] = ()
    for step in steps:
        found[step.id] = before if step.needs is None else step.needs
        if not step.is_background:
            before = (step.id,)
    return found


def needed(step: str, needs_of: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return all that a step needs, and what that needs in turn; names of no step lead nowhere."""
    found: set[str] = set()
    left = list(needs_of.get(step, ()))
    while left:
        name = left.pop()
        if name not in found and name in needs_of:
            found.add(name)
            left += needs_of[name]
    return frozenset(found)
