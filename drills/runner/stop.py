"""That a run is told to stop, and by whom. The first word counts: clean-up follows, and no other word cuts it short."""

import asyncio
from collections.abc import Callable


class Stop:
    """Told by signals, by `drill stop`, by the run's own deadline. `again` is called for each word after the first."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self.by = ""
        """Who stopped it: a signal's name, `stop` or `deadline`; empty while nobody did."""
        self.detail = ""
        self.again: Callable[[], None] = lambda: None

    def tell(self, by: str, detail: str = "") -> None:
        """Stop the run."""
        if self.by:
            self.again()
            return
        self.by, self.detail = by, detail
        self._told.set()

    async def wait(self) -> None:
        """Return as soon as it is told."""
        await self._told.wait()
