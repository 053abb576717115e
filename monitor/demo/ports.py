"""What the story needs of the outside, as interfaces with contracts, and the values that they speak in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PageSeen:
    """A page at the receiver. `arrived` is a reading of our monotonic clock; what says no severity wakes somebody."""

    kind: str
    status: str
    dedup_key: str
    summary: str
    arrived: float
    severity: str = "page"


@dataclass(frozen=True, slots=True)
class VerdictSeen:
    """The monitor's word on the platform, and its reason in one line."""

    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class FlagSeen:
    """The reader's word: state `ready` or `standby`, `refused` or `absent`; and its line for a person."""

    state: str
    words: str


class Platform(Protocol):
    """The platform, to break and to mend. Both raise `NotMeasured` when it can't be reached."""

    async def break_function(self, function: str) -> None:
        """Make a function answer 503 from now on."""
        ...

    async def recover(self) -> None:
        """Make everything answer honestly again."""
        ...


class StatusView(Protocol):
    """What the monitor holds true."""

    async def verdict(self) -> VerdictSeen:
        """Return its verdict now. Raises `NotMeasured`."""
        ...


class FlagView(Protocol):
    """What a reader of the flag is told."""

    async def word(self) -> FlagSeen:
        """Return the reader's word on the file now. Raises `NotMeasured` when it can't be asked."""
        ...


class PageView(Protocol):
    """What arrived at the pager."""

    async def pages(self) -> Sequence[PageSeen]:
        """Return every page so far, oldest first. Raises `NotMeasured`."""
        ...


@dataclass(frozen=True, slots=True)
class Views:
    """Everything the story looks at and pulls."""

    platform: Platform
    status: StatusView
    flag: FlagView
    pages: PageView
