"""The world as the runner has it: what it writes to, whom it tells, and what it is shown on."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from drills.model.event import Entry, Event, Head
from drills.model.found import Value
from drills.model.verdict import Result
from drills.ports import Closing, Journal, Witness
from drills.runner.screen import Screen
from glasswatch.clock import Clock


class Unsent(Protocol):
    """Where a result waits until a witness was told."""

    async def keep(self, witness: str, closing: Closing, head: Head) -> None:
        """Keep it, to be sent later if nobody is told now.

        Raises:
            OSError: it can't be kept.
        """
        ...

    async def said(self, witness: str) -> None:
        """Take out what waited for a witness: it was told since, or knows otherwise.

        Raises:
            OSError: it can't be taken out.
        """
        ...


@dataclass(frozen=True, slots=True)
class Outside:
    """Everything a run has to do with. `judge` makes a result of a journal's entries, as if it were closed then.

    `hide` has a secret taken out of all that is written and shown from now on; `clear` takes them out of an event.
    `read_back` returns the entries as they stand in the journal; `ready_seconds`: how long a witness
    may take.
    """

    clock: Clock
    journal: Journal
    witnesses: Sequence[Witness]
    screen: Screen
    unsent: Unsent
    hide: Callable[[Value], None]
    clear: Callable[[Event], Event]
    judge: Callable[[Sequence[Entry]], Result]
    read_back: Callable[[], Awaitable[Sequence[Entry]]]
    ready_seconds: float = 10.0
