"""Faults at random: what is broken and mended in which order, from a seed alone. Pure.

1. What is broken is mended before it is broken again; several things may be broken at once.
2. A kill takes with it what is broken about the process itself: its successor has room and descriptors.
3. Nothing is started on a store that somebody else has locked: that it refuses is a scenario of its own.
4. At the end nothing is broken.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What lasts until it is mended."""

    PLATFORM = "platform"
    CONTROLS = "controls"
    PROVIDER = "provider"
    DISK = "disk"
    LOCK = "lock"
    DESCRIPTORS = "descriptors"


class Blow(StrEnum):
    """What is over at once."""

    KILL = "kill"
    FREEZE = "freeze"
    RESTART = "restart"


OF_THE_PROCESS = frozenset({Fault.DISK, Fault.DESCRIPTORS})
# The platform is what all this is about: it breaks as often as all else together.
_CHOICES: tuple[Fault | Blow, ...] = (*Fault, *Blow, *(Fault.PLATFORM for _ in range(6)))


@dataclass(frozen=True, slots=True)
class Step:
    """One act, and how long to wait after it. `mends`: it is the end of a fault."""

    what: Fault | Blow
    pause: float
    mends: bool = False


def plan(seed: int, length: int) -> list[Step]:
    """Return a plan of so many steps, and the mending of what is broken at its end."""
    chance = random.Random(seed)
    steps: list[Step] = []
    broken: list[Fault] = []
    for _ in range(length):
        steps += _next(chance, broken)
    return [*steps, *(Step(each, 0, mends=True) for each in broken)]


def _next(chance: random.Random, broken: list[Fault]) -> Iterator[Step]:
    what = chance.choice(_CHOICES)
    pause = chance.uniform(0.2, 1.8)
    if isinstance(what, Fault):
        yield Step(what, pause, mends=what in broken)
        if what in broken:
            broken.remove(what)
        else:
            broken.append(what)
        return
    if what in (Blow.KILL, Blow.RESTART):
        if Fault.LOCK in broken:
            broken.remove(Fault.LOCK)
            yield Step(Fault.LOCK, chance.uniform(0, 0.5), mends=True)
        broken[:] = [each for each in broken if each not in OF_THE_PROCESS]
    yield Step(what, pause)
