"""The floor that a reader was given: held while it judges, looked at only where it judges as of another instant."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from glasswatch.clock import Clock
from glasswatch.flag import floor_file
from glasswatch.flag.floor import Floor
from glasswatch.flag.floor_file import Held


@dataclass(frozen=True, slots=True)
class Keeping:
    """Which floor, whether as of now, and of which platform it is to forget everything first, if of any."""

    path: str | None
    is_now: bool
    forgets: str | None = None


@contextmanager
def kept(keeping: Keeping, clock: Clock) -> Iterator[Held | None]:
    """Give the floor to one judgement; None where none was named."""
    if keeping.path is None:
        yield None
    elif not keeping.is_now:
        yield floor_file.peek(Path(keeping.path), clock)
    else:
        with floor_file.held(Path(keeping.path), clock) as held:
            if keeping.forgets is not None:
                held.reset(keeping.forgets)  # it copies the file aside and says so
            yield held


def floor_in(held: Held | None) -> Floor:
    """Return what is judged against; an empty floor where none is kept."""
    return Floor() if held is None else held.floor
