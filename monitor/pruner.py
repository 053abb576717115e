"""Has the store forget outcomes whose time is over, a little at a time, for as long as the monitor runs."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from monitor.errors import StoreError
from monitor.metrics.book import MetricsBook
from monitor.ports import Store

FIRST_SECONDS: Final = 60.0  # a start has other things to do
BETWEEN_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 600.0
FAILED_SECONDS: Final = 60.0

log = logging.getLogger("glasswatch.store")


class Pruner:
    """Runs until cancelled. A store that can't be written is left alone for a while: others tell of it.

    `is_clock_trusted` says whether what is old by the wall clock is old: by one that is wrong, nothing is forgotten.
    """

    def __init__(self, store: Store, metrics: MetricsBook, is_clock_trusted: Callable[[], bool] = lambda: True) -> None:
        self._store = store
        self._metrics = metrics
        self._is_clock_trusted = is_clock_trusted

    async def run(self) -> None:
        """Prune batch after batch while there is something to forget, and look again every ten minutes."""
        pause = FIRST_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = await self.once()

    async def once(self) -> float:
        """Prune one batch; return in how many seconds the next is due."""
        if not self._is_clock_trusted():
            return IDLE_SECONDS
        try:
            pruned = await self._store.prune()
        except StoreError as fault:
            log.info("store_not_pruned", extra={"fields": {"error": str(fault)}})
            return FAILED_SECONDS
        self._metrics.outcomes_pruned(pruned.good + pruned.failures)
        return BETWEEN_SECONDS if pruned.is_more else IDLE_SECONDS
