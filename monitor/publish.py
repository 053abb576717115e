"""Publishes signed flags to where readers look for them.

1. For each target and platform the latest document wins: what was overtaken while its target was away is never
   published. An older version never follows a newer one.
2. Targets are independent: one that fails or hangs holds up no other. So are platforms, but that a target is given at
   most `at_once` documents at a time, those that carry a change first. Each is tried again by itself after 1 s,
   2 s, … 30 s at most, without end.
3. Handing in never waits. `publish_now` waits, bounded, for whoever wants to know.
4. Stopping is bounded and gives what is not out yet one more try.

A target is anything behind `monitor.ports.FlagTarget` (`monitor/targets/`); a file is the one that always exists.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitor.copyline import CopyLine, LineContext, PublishPace
from monitor.model.copy import Copy
from monitor.model.record import FlagDocument
from monitor.ports import FlagTarget, PublishObserver
from monitor.turns import Turns

log = logging.getLogger("glasswatch.publish")

CLOSING_SECONDS = 1.0

__all__ = ["PublishPace", "Publisher"]


class NobodyCounts:
    """A `PublishObserver` that counts nothing."""

    def publish_tried(self, document: FlagDocument, target: str, *, is_out: bool) -> None:
        """Do nothing."""

    def publish_behind(self, target: str, count: int) -> None:
        """Do nothing."""


@dataclass(slots=True)
class _Place:
    """A target, and how many platforms' latest document it doesn't show."""

    target: FlagTarget
    turns: Turns
    behind: int = 0


class Publisher:
    """Keeps every target at the latest document of every platform."""

    def __init__(
        self,
        targets: Sequence[FlagTarget],
        pace: PublishPace | None = None,
        observer: PublishObserver | None = None,
    ) -> None:
        self._pace = pace or PublishPace()
        self._observer = observer or NobodyCounts()
        self._places = [_Place(target, Turns(self._pace.at_once)) for target in targets]
        self._lines: dict[tuple[str, str], CopyLine] = {}
        self._of_platform: dict[str, list[CopyLine]] = {}
        self._moved: set[CopyLine] = set()
        self._is_stopped = False

    @property
    def behind(self) -> Mapping[str, int]:
        """How many platforms' latest document each target doesn't show yet, by target name."""
        return {place.target.name: place.behind for place in self._places}

    @property
    def failures(self) -> Mapping[str, int]:
        """How many tries failed since start, by target name."""
        sums = dict.fromkeys((place.target.name for place in self._places), 0)
        for line in self._lines.values():
            sums[line.target.name] += line.failures
        return sums

    def copies(self) -> list[Copy]:
        """Return the copies that are behind, and once more each that caught up since this was last asked."""
        found = [copy for line in self._moved if (copy := line.copy()) is not None]
        self._moved = {line for line in self._moved if line.is_behind}
        return found

    def unpublished(self) -> list[str]:
        """Return which targets don't show a platform's latest document and failed to, one line each."""
        return [
            f"the flag of {line.platform} is not published to {line.target.name}"
            for line in self._lines.values()
            if line.is_unpublished
        ]

    def unpublished_to(self, platform: str) -> list[str]:
        """Return the names of the targets of which that holds for one platform."""
        return [line.target.name for line in self._of_platform.get(platform, ()) if line.is_unpublished]

    def submit(self, document: FlagDocument) -> None:
        """Have a document published. Never waits, raises nothing. Call it inside the loop."""
        if self._is_stopped:
            log.warning("publisher_stopped", extra={"fields": {"platform": document.platform, "ver": document.ver}})
            return
        for place in self._places:
            self._line(place, document.platform).put(document)

    def add(self, target: FlagTarget, documents: Iterable[FlagDocument]) -> None:
        """Publish to one more target, beginning with these documents. Never waits."""
        place = _Place(target, Turns(self._pace.at_once))
        self._places.append(place)
        for document in documents:
            self._line(place, document.platform).put(document)

    async def remove(self, name: str) -> None:
        """Publish to a target no more. When this returns nothing of ours is under way to it any more."""
        gone = [place for place in self._places if place.target.name == name]
        self._places = [place for place in self._places if place.target.name != name]
        await self._drop([key for key in self._lines if key[0] == name])
        for place in gone:
            await self._closed(place.target.aclose())

    async def forget(self, platform: str) -> None:
        """Publish nothing more of a platform; its last documents stay where they are until they expire."""
        await self._drop([key for key in self._lines if key[1] == platform])

    async def _drop(self, keys: Sequence[tuple[str, str]]) -> None:
        lines = [self._lines.pop(key) for key in keys]
        for line in lines:
            self._of_platform[line.platform].remove(line)
        await asyncio.gather(*(line.close() for line in lines))
        for line in lines:
            line.abandon()
            self._moved.discard(line)

    async def publish_now(self, document: FlagDocument, within: timedelta) -> tuple[str, ...]:
        """Submit, and wait until every target shows this document or a later one, but no longer than `within`.

        Return the names of the targets that don't yet; they are still being tried.
        """
        self.submit(document)
        lines = self._of_platform.get(document.platform, [])
        await self._settle(lines, within)
        return tuple(line.target.name for line in lines if line.is_behind)

    async def stop(self, within: timedelta = timedelta(seconds=2)) -> None:
        """End. What is not out yet gets one more try at once, and `within` to succeed. Repeated calls do nothing."""
        if self._is_stopped:
            return
        self._is_stopped = True
        lines = list(self._lines.values())
        for line in lines:
            line.hurry()
        await self._settle(lines, within)
        await asyncio.gather(*(line.close() for line in lines))
        await self._closed(*(place.target.aclose() for place in self._places))

    async def _closed(self, *closing: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await asyncio.gather(*closing, return_exceptions=True)
        except TimeoutError:
            log.warning("target_not_closed")

    def _line(self, place: _Place, platform: str) -> CopyLine:
        key = (place.target.name, platform)
        line = self._lines.get(key)
        if line is None:
            context = LineContext(place.turns, self._pace, self._moved_by(place), self._observer)
            line = self._lines[key] = CopyLine(place.target, platform, context)
            self._of_platform.setdefault(platform, []).append(line)
        return line

    def _moved_by(self, place: _Place) -> Callable[[CopyLine, int], None]:
        def moved(line: CopyLine, step: int) -> None:
            self._moved.add(line)
            place.behind += step
            self._observer.publish_behind(place.target.name, place.behind)

        return moved

    async def _settle(self, lines: Sequence[CopyLine], within: timedelta) -> None:
        try:
            async with asyncio.timeout(within.total_seconds()):
                await asyncio.gather(*(line.caught_up.wait() for line in lines))
        except TimeoutError:
            return
