"""Whether the monitor lives: whether what it is there for gets on, and not only whether its process runs.

1. Whoever has work and gets nothing of it done for `STUCK_SECONDS` is stuck; nothing that a settler does takes so long.
2. A probe that begins no attempt for its interval, its timeout and `STUCK_SECONDS` more is stuck.
3. Work that can't be done now and is kept (the store can't be written) is no work here: a restart would mend nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

STUCK_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Pulse:
    """One part's reading: whether it has work, and how much it has done in all. `patience_seconds`: see the rules."""

    has_work: bool
    done: int
    patience_seconds: float = STUCK_SECONDS


@dataclass(frozen=True, slots=True)
class Progress:
    """A part as it was read last: how much it had done, and since when it gets nothing done though it has work."""

    done: int
    idle_since: float


def followed(before: Mapping[object, Progress], now: Mapping[object, Pulse], at: float) -> dict[object, Progress]:
    """Return how every part gets on, given how it did; a part that is new has just begun."""
    found = {}
    for who, pulse in now.items():
        was = before.get(who)
        gets_on = was is None or pulse.done != was.done or not pulse.has_work
        found[who] = Progress(pulse.done, at if gets_on or was is None else was.idle_since)
    return found


def stuck(progress: Mapping[object, Progress], now: Mapping[object, Pulse], at: float) -> Iterable[object]:
    """Return which parts are stuck."""
    return [who for who, pulse in now.items() if at - progress[who].idle_since > pulse.patience_seconds]
