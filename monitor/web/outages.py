"""The last outages of each platform for the status page, which must come up even when the store doesn't answer.

Asked for one platform at most once in 5 s, of a hundred once in 10 s, and waited for 1 s at most: then the page
says that past outages can't be read. Where something changed it is asked anew. A failure is remembered too, so that
a stuck store is not asked again and again; one that is only slow is asked for the rest the next time.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from glasswatch.clock import Clock
from monitor.errors import StoreError
from monitor.model.record import OutageQuery
from monitor.model.state import Outage
from monitor.ports import Store

SHOWN = 5
_KEPT_SECONDS = 5.0
_MOST_KEPT_SECONDS = 60.0
_ASKED_A_SECOND = 10  # platforms, at most, by and large
_AT_ONCE_FROM = 5  # platforms
_AT_ONCE = 200  # outages
_PATIENCE_SECONDS = 1.0

_log = logging.getLogger("glasswatch.web")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was found for one platform, and until when that is not asked again."""

    found: Sequence[Outage] | None
    good_until: float


class LastOutages:
    """Remembers for a moment what the store said."""

    def __init__(self, store: Store, platforms: Callable[[], Sequence[str]], clock: Clock) -> None:
        self._store = store
        self._platforms = platforms
        self._clock = clock
        self._asking = asyncio.Lock()
        self._answers: dict[str, _Answer] = {}
        self._changed: set[str] = set()
        self._changes: Counter[str] = Counter()

    async def read(self) -> Mapping[str, Sequence[Outage] | None]:
        """Return each platform's last outages, newest first; None where the store could not be read."""
        async with self._asking:
            platforms, now = tuple(self._platforms()), self._clock.monotonic()
            due = sorted((name for name in platforms if self._is_due(name, now)), key=self._is_unchanged)
            kept = now + min(max(_KEPT_SECONDS, len(platforms) / _ASKED_A_SECOND), _MOST_KEPT_SECONDS)
            found = await self._ask(due)
            if not found:  # it is stuck; one that answered for some is asked for the others the next time
                self._changed.difference_update(due)
                found = dict.fromkeys(due)
            self._answers |= {name: _Answer(answer, kept) for name, answer in found.items()}
            self._answers = {name: self._answers[name] for name in platforms if name in self._answers}
            standing = {name: answer.found for name, answer in self._answers.items() if self._is_unchanged(name)}
            return {name: found.get(name, standing.get(name)) for name in platforms}

    def forget(self, platform: str) -> None:
        """Have the store asked again: the platform's outages may have changed."""
        self._changed.add(platform)
        self._changes[platform] += 1

    def _is_due(self, platform: str, now: float) -> bool:
        answer = self._answers.get(platform)
        return answer is None or not self._is_unchanged(platform) or now >= answer.good_until

    def _is_unchanged(self, platform: str) -> bool:
        return platform not in self._changed

    async def _ask(self, platforms: Sequence[str]) -> dict[str, Sequence[Outage] | None]:
        """Return what the store said in time. What changes while it is asked is asked again the next time."""
        found: dict[str, Sequence[Outage] | None] = {}
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                left = platforms
                if len(platforms) > _AT_ONCE_FROM:
                    left = await self._ask_at_once(platforms, found)
                for platform in left:
                    before = self._changes[platform]
                    found[platform] = tuple(await self._store.outages(OutageQuery(platform=platform, limit=SHOWN)))
                    self._take(platform, before)
        except (StoreError, TimeoutError) as error:
            _log.warning("outages_unreadable", extra={"fields": {"error": type(error).__name__}})
        return found

    async def _ask_at_once(self, platforms: Sequence[str], found: dict[str, Sequence[Outage] | None]) -> Sequence[str]:
        """Find the outages of as many platforms as one answer tells all of; return those that it does not."""
        before = dict(self._changes)
        newest = await self._store.outages(OutageQuery(limit=_AT_ONCE))
        by_platform: dict[str, list[Outage]] = {platform: [] for platform in platforms}
        for outage in newest:
            by_platform.get(outage.platform, []).append(outage)
        is_all = len(newest) < _AT_ONCE
        for platform, outages in by_platform.items():
            if is_all or len(outages) >= SHOWN:
                found[platform] = tuple(outages[:SHOWN])
                self._take(platform, before.get(platform, 0))
        return [platform for platform in platforms if platform not in found]

    def _take(self, platform: str, changes_before: int) -> None:
        """Take note of an answer that was asked for after so many changes."""
        if self._changes[platform] == changes_before:
            self._changed.discard(platform)
