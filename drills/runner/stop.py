"""That a run is told to stop, and by whom. The first word counts: clean-up follows, and no other word cuts it short."""

import asyncio
from collections.abc import Callable


class Stop:
    """Told by people (a signal, `drill stop`), the run's own deadline and witnesses.

    `again` is called for each word of a person after the first word.
    """

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self.by = ""
        """Who stopped it: a signal's name, `stop`, `deadline` or a witness; empty while nobody did."""
        self.detail = ""
        self.again: Callable[[], None] = lambda: None

    def tell(self, by: str, detail: str = "") -> None:
        """Stop the run, for a person, who is told where that is being done."""
        if self.by:
            self.again()
        self.tell_of(by, detail)

    def tell_of(self, by: str, detail: str = "") -> None:
        """Stop the run for what a clock or a witness says: nobody waits to hear what comes of that."""
        if not self.by:
            self.by, self.detail = by, detail
            self._told.set()

    async def wait(self) -> None:
        """Return as soon as it is told."""
        await self._told.wait()
