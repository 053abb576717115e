"""The run's journal as the runner writes it: one entry after the other, and never half of one.

- An entry that is being written is written, also where the run is told to stop meanwhile.
- The first entry that is not known to be written is the last: from then on nothing is begun any more (`write` raises),
  and clean-up goes on without a journal (`note` remembers, and does not raise).
- What was written is also held here: what is next, and what is to be taken back, follow from it.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Final

from drills.model.event import Checkpoint, Entry, Event, Head, Interrupted, KeptOutput
from drills.model.found import Output
from drills.runner.outside import Outside
from drills.runner.steady import regardless, whole, words
from glasswatch.errors import EvidenceUnwritable

SECONDS: Final = 30.0
"""How long an entry may take to be on disk. A disk that takes longer would hold up clean-up."""


class Record:
    """The journal of one run. `entries` are those that it had before."""

    def __init__(self, run: str, outside: Outside, entries: Iterable[Entry] = ()) -> None:
        self._run = run
        self._outside = outside
        self._journal = outside.journal
        self._lock = asyncio.Lock()
        self.entries = list(entries)
        self.lost: str = ""
        """Why the journal takes no more; empty while it does."""

    @property
    def events(self) -> Sequence[Event]:
        """What happened so far."""
        return [entry.event for entry in self.entries]

    @property
    def head(self) -> Head:
        """Where the journal ends."""
        return self.entries[-1].head if self.entries else Head(0, "")

    async def write(self, event: Event) -> Head:
        """Write an entry.

        Raises:
            EvidenceUnwritable: it is not known to be written. The journal takes no more.
        """
        return await whole(self._append(event))

    async def seal(self, event: Event) -> Head:
        """Write an entry and a checkpoint of it, at once; return where the journal ends.

        Raises:
            EvidenceUnwritable: it is not known that both are written. The journal takes no more.
        """
        return await whole(self._append(event, is_sealed=True))

    async def note(self, event: Event) -> None:
        """Write an entry if the journal still takes one; remember it in any case. Never raises."""
        try:
            await regardless(self._append(event))
        except BaseException as fault:  # noqa: BLE001 - clean-up goes on whatever the journal does
            self._lose(fault)  # what is remembered and not written must not be followed by what is
            self._remember(event, self.head)

    async def conclude(self, event: Event) -> bool:
        """Write an entry and a checkpoint of it, at once; whether it is known that both are written. Never raises."""
        try:
            await regardless(self._append(event, is_sealed=True))
        except BaseException as fault:  # noqa: BLE001 - the end comes whatever the journal does
            self._lose(fault)
            return False
        return True

    async def keep(self, output: Output) -> KeptOutput:
        """Keep an output beside the journal.

        Raises:
            EvidenceUnwritable: it can't be written.
        """
        return await whole(self._journal.keep(output))

    async def _append(self, event: Event, *, is_sealed: bool = False) -> Head:
        async with self._lock:
            if self.lost:
                raise EvidenceUnwritable(self.lost)
            try:
                heads = await _soon(self._journal.seal(event) if is_sealed else self._alone(event))
            except (TypeError, ValueError):  # it is no entry at all: nothing was written
                raise
            except BaseException as fault:
                self._lose(fault)
                raise
            for each, head in zip((event, Checkpoint(""))[: len(heads)], heads, strict=True):
                self._remember(each, head)
            return heads[-1]

    async def _alone(self, event: Event) -> tuple[Head, ...]:
        return (await self._journal.append(event),)

    def _lose(self, fault: BaseException) -> None:
        self.lost = self.lost or words(fault)

    def _remember(self, event: Event, head: Head) -> None:
        clock = self._outside.clock
        entry = Entry(head, self._run, clock.now(), int(clock.monotonic() * 1000), "", self._cleared(event))
        self.entries.append(entry)
        self._outside.screen.wrote(entry)

    def _cleared(self, event: Event) -> Event:
        """Return an event as the journal has it; one that can't be cleared was not written either, and says nothing."""
        try:
            return self._outside.clear(event)
        except Exception as fault:  # noqa: BLE001 - whatever it holds, it is not shown
            return Interrupted(type(fault).__name__, "an entry that can't be written")


async def _soon(writing: Awaitable[tuple[Head, ...]]) -> tuple[Head, ...]:
    try:
        async with asyncio.timeout(SECONDS):
            return await writing
    except TimeoutError:
        raise EvidenceUnwritable(f"the journal took longer than {SECONDS:g} s for an entry") from None
