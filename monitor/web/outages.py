"""The last outages of each platform for the status page, which must come up even when the store doesn't answer.

Asked at most once in 5 s, however many people look, and waited for 1 s at most: then the page says that past outages
can't be read. A failure is remembered as long as a success, so that a stuck store is not asked again and again.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from glasswatch.clock import Clock
from monitor.errors import StoreError
from monitor.model.record import OutageQuery
from monitor.model.state import Outage
from monitor.ports import Store

SHOWN = 5
_KEPT_SECONDS = 5.0
_PATIENCE_SECONDS = 1.0

_log = logging.getLogger("glasswatch.web")


class LastOutages:
    """Remembers for a moment what the store said."""

    def __init__(self, store: Store, platforms: Callable[[], Sequence[str]], clock: Clock) -> None:
        self._store = store
        self._platforms = platforms
        self._clock = clock
        self._asking = asyncio.Lock()
        self._read_at: float | None = None
        self._found: Mapping[str, Sequence[Outage] | None] = {}

    async def read(self) -> Mapping[str, Sequence[Outage] | None]:
        """Return each platform's last outages, newest first; None where the store could not be read."""
        async with self._asking:
            if self._read_at is None or self._clock.monotonic() - self._read_at >= _KEPT_SECONDS:
                self._read_at = self._clock.monotonic()
                self._found = await self._ask()
            return self._found

    def forget(self) -> None:
        """Have the store asked again: an outage changed."""
        self._read_at = None

    async def _ask(self) -> Mapping[str, Sequence[Outage] | None]:
        found: dict[str, Sequence[Outage] | None] = dict.fromkeys(self._platforms())
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                for platform in tuple(found):
                    found[platform] = tuple(await self._store.outages(OutageQuery(platform=platform, limit=SHOWN)))
        except (StoreError, TimeoutError) as error:
            _log.warning("outages_unreadable", extra={"fields": {"error": type(error).__name__}})
        return found
