"""Has people told of credentials that it is time to renew, one ticket for each.

1. What fires is kept in the store, so that it is resolved after a restart as well, also where the settings name the
   credential no more.
2. A ticket is on record with a delivery for each channel, then it is kept that it fires, then the outbox has it: killed
   anywhere in between, it is told, perhaps twice under the same key.
3. By a clock that is wrong nothing is due, and nothing is over.
4. While the store can't be written people are told all the same; what fires is kept at a later look. Before it could be
   read once nobody is told: what fires already isn't known.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from glasswatch.clock import Clock
from monitor.errors import StoreError, StoreUnusable
from monitor.model.credential import Held, RenewalRecord, ToRenew
from monitor.model.page import Page
from monitor.model.record import Delivery, DeliveryState, RoutedPage
from monitor.rules.credentialpages import ticket, ticket_over, to_tell
from monitor.rules.drillcalendar import Here
from monitor.store.codec import decode, encode

PLACE: Final = "credential_expiry:tickets"  # no watcher's name has a colon

log = logging.getLogger("glasswatch.credentials")


class TicketStore(Protocol):
    """The part of the store that it needs. Every method may raise `StoreUnavailable`."""

    async def place(self, watcher: str) -> str | None:
        """Return what was kept."""
        ...

    async def keep_place(self, watcher: str, at: str) -> None:
        """Keep something."""
        ...

    async def delivery(self, delivery: Delivery) -> None:
        """Write how far a delivery got, with its page."""
        ...


@dataclass(frozen=True, slots=True)
class TicketContext:
    """What it works with. `submit` hands a page to the outbox; `is_trusted`: whether the wall clock can be believed.

    `show` takes what the tickets say that fire.
    """

    here: Here
    store: TicketStore
    clock: Clock
    routed: Callable[[Page], RoutedPage]
    submit: Callable[[RoutedPage], None]
    is_trusted: Callable[[], bool] = lambda: True
    show: Callable[[Mapping[str, ToRenew]], None] = lambda _told: None


class CredentialTickets:
    """`look` at what was seen of every credential, each time it was."""

    def __init__(self, context: TicketContext) -> None:
        self._context = context
        self._told: dict[str, ToRenew] | None = None  # None: not read yet
        self._kept: Mapping[str, ToRenew] = {}

    async def look(self, seen: Sequence[Held]) -> None:
        """Tell what is to be told now."""
        try:
            told = await self._taken_up()
        except StoreError as fault:
            _not_on_record(fault)
            return
        pages = self._judged({each.credential: each for each in seen}, told) if self._context.is_trusted() else []
        self._context.show(dict(told))
        routed = [self._context.routed(page) for page in pages]
        try:
            await self._record(routed, told)
        except StoreError as fault:
            _not_on_record(fault)
        finally:
            for each in routed:
                self._context.submit(each)

    def _judged(self, held: Mapping[str, Held], told: dict[str, ToRenew]) -> list[Page]:
        """Return what is to be told, and take it for told."""
        here, now, pages = self._context.here, self._context.clock.now(), []
        for credential in dict.fromkeys((*held, *told)):
            before = told.pop(credential, None)
            after = to_tell(held.get(credential), before, now)
            if after is not None:
                told[credential] = after
            if after is not None and after != before:
                pages.append(ticket(here, after, now))
            if after is None and before is not None:
                pages.append(ticket_over(here, credential, held.get(credential), now))
        return pages

    async def _taken_up(self) -> dict[str, ToRenew]:
        if self._told is None:
            text = await self._context.store.place(PLACE)
            try:
                kept = RenewalRecord() if text is None else decode(RenewalRecord, text, what="tickets of credentials")
            except StoreUnusable as fault:
                # Begun anew: what fires still is told once more; what is over by now has to be closed by hand.
                log.error("credential_tickets_unreadable", extra={"fields": {"error": str(fault)}})  # noqa: TRY400
                kept = RenewalRecord()
            self._kept, self._told = kept.told, dict(kept.told)
        return self._told

    async def _record(self, routed: Sequence[RoutedPage], told: Mapping[str, ToRenew]) -> None:
        """Put pages on record, and keep what fires."""
        store = self._context.store
        for each in routed:
            for channel in each.channels:
                await store.delivery(Delivery(each.page, channel, DeliveryState.PENDING, 0, each.page.decided_at))
        if told != self._kept:
            await store.keep_place(PLACE, encode(RenewalRecord(dict(told))))
            self._kept = dict(told)


def _not_on_record(fault: StoreError) -> None:
    log.info("credential_tickets_not_on_record", extra={"fields": {"error": str(fault)}})
