"""Who was told of a page, and who has answered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reach(StrEnum):
    """How far a page got through one channel, in the words that people are shown."""

    BEING_TOLD = "being told"
    NOT_REACHED = "not reached yet"
    TOLD = "told"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class Told:
    """A channel that a page goes through. `at`: when it took the page, or was last tried."""

    channel: str
    reach: Reach
    at: datetime | None = None
    is_fallback: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person said, through a channel's provider, that they deal with it."""

    by: str
    at: datetime
    channel: str
