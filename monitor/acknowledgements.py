"""Asks providers who deals with what fires, so that everybody else can see it.

1. Each channel that can be asked is asked about every page that it took and that still fires, round after round, the
   newest first, so many at a time as a round allows. Channels are asked side by side: one that hangs delays no other.
2. Who acknowledged first stands. It is told once: to the book, from where pages and the status page have it, and to the
   audit. After a restart it is asked for anew.
3. A page that was taken, and of which the provider knows nothing twice in a row, is lost: it is sent again, and goes to
   what it falls back on. Found lost again and again it is sent again ever less often: after 2, 4, 8 … rounds.
4. That it can't be found out is logged when it begins and when it is over, and changes nothing else.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from glasswatch.clock import Clock
from monitor.errors import DeliveryFailed, PageLost
from monitor.model.page import Page
from monitor.model.record import AuditEntry
from monitor.model.told import Acknowledgement
from monitor.ports import Asked, Channel
from monitor.reached import ReachBook

EVERY: Final = timedelta(seconds=15)
AT_A_TIME: Final = 20  # of PagerDuty's 960 requests a minute

log = logging.getLogger("glasswatch.outbox")

Note = Callable[[AuditEntry, str | None], None]
Heard = Callable[[Page, Acknowledgement], None]
Lost = Callable[[Page, str], None]


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is done when somebody acknowledged, and when a channel lost a page."""

    heard: Heard
    lost: Lost


class Acknowledgements:
    """Asks one channel; `run` goes on until cancelled."""

    def __init__(self, name: str, channel: Asked, book: ReachBook, hearing: Hearing, every: timedelta = EVERY) -> None:
        self._name = name
        self._channel = channel
        self._book = book
        self._hearing = hearing
        self._unknown: dict[str, int] = {}  # page id → rounds in a row in which nothing was known of it
        self._every = every.total_seconds()
        self._trouble = ""

    async def run(self) -> None:
        """Ask. Only cancellation ends it."""
        while True:
            await self.ask()
            await asyncio.sleep(self._every)

    async def ask(self) -> None:
        """Ask once about everything that fires and that nobody has acknowledged."""
        firing = self._book.firing(self._name)
        self._unknown = {page.id: self._unknown[page.id] for page in firing if page.id in self._unknown}
        open_pages = [page for page in firing if self._book.acknowledgement(page.dedup_key) is None]
        for page in sorted(open_pages, key=lambda page: page.decided_at, reverse=True)[:AT_A_TIME]:
            try:
                found = await self._channel.acknowledgement(page)
            except PageLost:
                self._miss(page)
                continue
            except DeliveryFailed as fault:
                self._note(str(fault))
                return
            except Exception as fault:  # noqa: BLE001 - a mistake of ours; its message may hold a secret
                self._note(f"the channel has a fault: {type(fault).__name__}")
                return
            self._unknown.pop(page.id, None)
            if found is not None:
                self._hearing.heard(page, found)
        self._note("")

    def _miss(self, page: Page) -> None:
        rounds = self._unknown[page.id] = self._unknown.get(page.id, 0) + 1
        if rounds > 1 and rounds & (rounds - 1) == 0:
            log.error("page_lost", extra={"fields": {"page": page.id, "channel": self._name}})
            self._hearing.lost(page, self._name)

    def _note(self, trouble: str) -> None:
        """Log what is wrong when it begins and when it changes, and once that it is over."""
        if trouble and trouble != self._trouble:
            log.warning("acknowledgements_not_read", extra={"fields": {"channel": self._name, "error": trouble}})
        elif self._trouble and not trouble:
            log.info("acknowledgements_read", extra={"fields": {"channel": self._name}})
        self._trouble = trouble


def telling(book: ReachBook, note: Note, changed: Callable[[], None], clock: Clock) -> Heard:
    """Return what is done when somebody acknowledged: it is told to everybody who shows it, and to the audit."""

    def heard(page: Page, found: Acknowledgement) -> None:
        book.acknowledged(page.dedup_key, found)
        fields = {"page": page.id, "by": found.by, "at": found.at.isoformat(), "channel": found.channel}
        log.info("page_acknowledged", extra={"fields": fields})
        body = {"dedup_key": page.dedup_key, "by": found.by, "at": found.at.isoformat()}
        entry = AuditEntry("page_acknowledged", f"channel/{found.channel}", body, clock.now())
        note(entry, page.platform or None)
        changed()

    return heard


def askers_of(channels: Mapping[str, Channel], book: ReachBook, hearing: Hearing) -> tuple[Acknowledgements, ...]:
    """Return who asks the channels that can be asked."""
    return tuple(
        Acknowledgements(name, channel, book, hearing)
        for name, channel in channels.items()
        if isinstance(channel, Asked) and channel.can_ask
    )
