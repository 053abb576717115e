"""What a watcher reads from a log."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One access as a log tells it. `id` follows from the entry itself: read again, it is the same.

    `second` is the second person of a two-person way past a reader, `attempt` the reader's own id. What the
    log doesn't tell is None.
    """

    id: str
    at: datetime | None = None
    person: str | None = None
    target: str | None = None
    attempt: str | None = None
    second: str | None = None


@dataclass(frozen=True, slots=True)
class LogPart:
    """What came since a place, and the place after it."""

    entries: tuple[LogEntry, ...]
    place: str
