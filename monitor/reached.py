"""Who knows what: how far each page got through each channel, and who said that they deal with it.

It is in memory, and filled anew on start from what the store knows. A page is forgotten once everybody has it and
either a later one of its key came or it said that it was over. It decides nothing, and everything returns at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from glasswatch.clock import Clock
from monitor.model.page import Page, PageStatus
from monitor.model.record import DeliveryState
from monitor.model.told import Acknowledgement, Reach, Told

REACH = {
    DeliveryState.PENDING: Reach.BEING_TOLD,
    DeliveryState.SENDING: Reach.BEING_TOLD,
    DeliveryState.SENT: Reach.TOLD,
    DeliveryState.FAILED: Reach.GIVEN_UP,
}
_SETTLED = frozenset({Reach.TOLD, Reach.GIVEN_UP})


@dataclass(slots=True)
class _Known:
    """A page, and how far it got. `since`: monotonic seconds from which its age counts."""

    page: Page
    since: float
    told: dict[str, Told] = field(default_factory=dict)

    @property
    def is_settled(self) -> bool:
        return all(told.reach in _SETTLED for told in self.told.values())


class ReachBook:
    """Knows whom each page has reached."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pages: dict[str, _Known] = {}
        self._last: dict[str, str] = {}  # dedup key → id of the page that came last
        self._firing: dict[str, dict[str, Page]] = {}  # channel → dedup key → what it took last, while that fires
        self._acknowledged: dict[str, Acknowledgement] = {}

    def put(self, page: Page, channel: str, reach: Reach = Reach.BEING_TOLD, *, is_fallback: bool = False) -> None:
        """Note that a page goes to a channel. What is known of it already stays."""
        known = self._pages.get(page.id)
        if known is None:
            self._follow(page)
            age = max((self._clock.now() - page.decided_at).total_seconds(), 0.0)
            known = self._pages[page.id] = _Known(page, self._clock.monotonic() - age)
        known.told.setdefault(channel, Told(channel, reach, is_fallback=is_fallback))

    def reached(self, page: Page, channel: str, reach: Reach) -> None:
        """Note how far a page got through a channel."""
        known = self._pages.get(page.id)
        if known is not None and channel in known.told:
            known.told[channel] = replace(known.told[channel], reach=reach, at=self._clock.now())
            self._forget(known)

    def took(self, page: Page, channel: str) -> None:
        """Note what a channel took last of a key."""
        firing = self._firing.setdefault(channel, {})
        if page.status is PageStatus.FIRING:
            firing[page.dedup_key] = page
        else:
            firing.pop(page.dedup_key, None)

    def of(self, page: Page) -> tuple[Told, ...]:
        """Return whom a page goes to, and how far it got."""
        known = self._pages.get(page.id)
        return tuple(known.told.values()) if known is not None else ()

    def reach_of(self, page: Page) -> Mapping[str, Reach]:
        """Return how far a page got, by channel."""
        return {told.channel: told.reach for told in self.of(page)}

    def waited(self, page: Page) -> float:
        """Return for how many seconds a page has been decided; a clock that jumps doesn't change it."""
        known = self._pages.get(page.id)
        return self._clock.monotonic() - known.since if known is not None else 0.0

    def under_way(self) -> Iterator[Page]:
        """Yield every page that somebody doesn't have yet, and those that were given up somewhere, oldest first."""
        yield from (known.page for known in list(self._pages.values()) if self._is_open(known))

    def knowing(self, key: str) -> tuple[str, ...]:
        """Return the channels that were, or are being, told that a problem fires."""
        told = [channel for channel, firing in self._firing.items() if key in firing]
        being_told = [
            channel
            for known in self._pages.values()
            if known.page.dedup_key == key and known.page.status is PageStatus.FIRING
            for channel, how in known.told.items()
            if how.reach is not Reach.GIVEN_UP
        ]
        return tuple(dict.fromkeys((*told, *being_told)))

    def firing(self, channel: str) -> tuple[Page, ...]:
        """Return what a channel took that still fires."""
        return tuple(self._firing.get(channel, {}).values())

    def fires(self, key: str, channel: str) -> bool:
        """Return whether a problem fires, as far as a channel was told."""
        return key in self._firing.get(channel, {})

    def acknowledged(self, key: str, by: Acknowledgement) -> None:
        """Note who deals with a problem."""
        if any(key in firing for firing in self._firing.values()):
            self._acknowledged[key] = by

    def acknowledgement(self, key: str) -> Acknowledgement | None:
        """Return who deals with a problem, if anybody said so."""
        return self._acknowledged.get(key)

    def _is_open(self, known: _Known) -> bool:
        return any(told.reach is not Reach.TOLD for told in known.told.values())

    def _follow(self, page: Page) -> None:
        """Have a page be the last of its key."""
        before = self._pages.get(self._last.get(page.dedup_key, ""))
        self._last[page.dedup_key] = page.id
        if before is not None:
            self._forget(before)

    def _forget(self, known: _Known) -> None:
        page = known.page
        is_last = self._last.get(page.dedup_key) == page.id
        if not known.is_settled or (is_last and page.status is PageStatus.FIRING):
            return
        self._pages.pop(page.id, None)
        if is_last:
            del self._last[page.dedup_key]
            self._acknowledged.pop(page.dedup_key, None)
