"""Gets pages through one channel.

1. Pages with the same dedup key go one after another, in the order they were decided: a resolved page never overtakes
   its firing. A page that keeps failing holds up only its own key.
2. Different keys go side by side, `concurrency` at a time. Pages that wake somebody go before tickets, first tries
   before repeats, and repeats never take the last place: a new page finds one free even while many old ones hang.
3. The intent is written before the network is touched, the receipt after. If the store doesn't take either in time
   the page is sent all the same.
4. Waiting is measured on the monotonic clock, so that a wall clock that jumps delays no page; the instant of the next
   try is stored as wall time, and on restart never waited for longer than the retry rule's cap.
5. What is refused for good gives way after a few tries where a newer page of its key waits (`monitor.rules.retry`): one
   page that a provider can't take must not keep from people what holds now.
6. A resolved page is sent even if its firing never got through: whoever was told by another channel, or by a try whose
   answer was lost, must learn that it is over. A firing that waits for its channel is sent too, first: it happened.
"""

import asyncio
import logging
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from glasswatch.clock import Clock
from monitor.errors import DeliveryFailed
from monitor.model.page import Page, Severity
from monitor.model.record import Delivery, DeliveryState
from monitor.model.told import Reach
from monitor.ports import Channel, PageObserver, Upholding
from monitor.progress import Progress
from monitor.reached import ReachBook
from monitor.rules.retry import DEFAULT, RetryPolicy, Tried, next_at
from monitor.upheld import Upheld

log = logging.getLogger("glasswatch.outbox")

FAULT_SECONDS = 5.0
LONGEST_NOTE = 500  # characters of an error or receipt that are kept


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard and how patiently a lane tries.

    `concurrency`: tries under way at once, per channel. `longest_send`: when a channel that breaks its own promise to
    be bounded is cut off. `intent_patience`: how long a page waits for its intent to be written before it goes anyway.
    """

    retry: RetryPolicy = DEFAULT
    concurrency: int = 4
    longest_send: timedelta = timedelta(seconds=90)
    intent_patience: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class LaneContext:
    """What all lanes share. `changed` is called when a lane's number of unsettled deliveries changes."""

    clock: Clock
    observer: PageObserver
    progress: Progress
    pace: Pace
    changed: Callable[[], None]
    book: ReachBook


@dataclass(slots=True)
class _Entry:
    """A delivery under way. `due`: monotonic seconds; `refusals`: tries in a row that were refused for good."""

    delivery: Delivery
    due: float
    refusals: int = 0
    is_busy: bool = False

    @property
    def is_fresh(self) -> bool:
        return self.delivery.attempts == 0

    def rank(self) -> tuple[bool, bool, float]:
        return (self.delivery.page.severity is not Severity.PAGE, not self.is_fresh, self.due)


class Lane:
    """One channel's queue and its tries."""

    def __init__(self, name: str, channel: Channel, context: LaneContext) -> None:
        self.name = name
        self._channel = channel
        self._context = context
        self._pace = context.pace
        self.upheld = self._upholding(channel)
        self._queues: dict[str, deque[_Entry]] = {}
        self._ids: set[str] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._repeats_running = 0
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()

    @property
    def pending(self) -> int:
        """How many deliveries are not settled."""
        return len(self._ids)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way and every page whose turn it is was tried once."""
        return not self._running and not any(queue[0].is_fresh for queue in self._queues.values())

    def use(self, channel: Channel) -> Channel:
        """Send through another channel from the next try on; return the one before, which may be in use still."""
        before, self._channel = self._channel, channel
        self.upheld = self._upholding(channel)
        self.uphold()
        return before

    def uphold(self) -> None:
        """Have told again what the channel of this name took earlier, and of which nothing newer is on its way."""
        if self.upheld is None:
            return
        for page in self._context.book.firing(self.name):
            self.upheld.took(page)
        for delivery in self.unsettled():
            self.upheld.superseded(delivery.page)

    def _upholding(self, channel: Channel) -> Upheld | None:
        return Upheld(self.name, channel, self._pace.longest_send) if isinstance(channel, Upholding) else None

    def unsettled(self) -> list[Delivery]:
        """Return every delivery that is not settled, in the order of each key."""
        return [entry.delivery for queue in self._queues.values() for entry in queue]

    def put(self, delivery: Delivery) -> None:
        """Take in a delivery that is not settled; one that is already here is left as it is."""
        if delivery.page.id in self._ids:
            return
        clock, cap = self._context.clock, self._pace.retry.cap
        wait = min(max(delivery.next_at - clock.now(), timedelta(0)), cap)
        entry = _Entry(delivery, clock.monotonic() + wait.total_seconds())
        self._ids.add(delivery.page.id)
        self._context.book.put(delivery.page, self.name)
        if self.upheld is not None:
            self.upheld.superseded(delivery.page)
        self._queues.setdefault(delivery.page.dedup_key, deque()).append(entry)
        self._wake.set()
        self._context.changed()

    def is_idle(self, key: str) -> bool:
        """Whether nothing of a key is under way here."""
        return key not in self._queues

    def has(self, page: Page) -> bool:
        """Whether a page is under way here."""
        return page.id in self._ids

    def took(self, page: Page) -> None:
        """Note that the channel took a page, now or in an earlier run."""
        self._context.book.took(page, self.name)
        if self.upheld is not None:
            self.upheld.took(page)

    async def quiet(self) -> None:
        """Wait until `is_quiet`. Only a running lane gets there."""
        while not self.is_quiet:
            self._ended.clear()
            await self._ended.wait()

    async def run(self) -> None:
        """Try what is due, as it falls due. Only cancellation ends it, and ends every try under way."""
        try:
            while True:
                self._wake.clear()
                self._start_due()
                await self._pause()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _start_due(self) -> None:
        now = self._context.clock.monotonic()
        heads = (queue[0] for queue in self._queues.values())
        due = sorted((head for head in heads if not head.is_busy and head.due <= now), key=_Entry.rank)
        for entry in due:
            if self._has_place(entry):
                self._start(entry)

    def _has_place(self, entry: _Entry) -> bool:
        places = self._pace.concurrency
        if len(self._running) >= places:
            return False
        return entry.is_fresh or self._repeats_running < max(places - 1, 1)

    def _start(self, entry: _Entry) -> None:
        is_repeat = not entry.is_fresh
        entry.is_busy = True
        self._repeats_running += is_repeat
        task = asyncio.create_task(self._try(entry), name=f"page to {self.name}")
        self._running.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            entry.is_busy = False
            self._repeats_running -= is_repeat
            self._running.discard(task)
            if not task.cancelled() and (fault := task.exception()) is not None:
                # A mistake of ours around the try: the page stays, and must not be tried in a circle.
                entry.due = self._context.clock.monotonic() + FAULT_SECONDS
                log.error("outbox_fault", exc_info=fault, extra={"fields": {"channel": self.name}})
            self._wake.set()
            self._ended.set()

        task.add_done_callback(ended)

    async def _pause(self) -> None:
        # A head without a place now is looked at again when a try ends.
        heads = (queue[0] for queue in self._queues.values())
        due = [head.due for head in heads if not head.is_busy and self._has_place(head)]
        wait = max(min(due) - self._context.clock.monotonic(), 0.0) if due else None
        try:
            async with asyncio.timeout(wait):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _try(self, entry: _Entry) -> None:
        page = entry.delivery.page
        attempt = entry.delivery.attempts + 1
        intent = replace(entry.delivery, state=DeliveryState.SENDING, attempts=attempt)
        await self._context.progress.intend(intent, self._pace.intent_patience)
        # Only now: until the intent is out of our hands the page still counts as never tried.
        entry.delivery = intent
        try:
            receipt = await self._send(page, attempt)
        except DeliveryFailed as fault:
            self._failed(entry, fault)
        else:
            self._sent(entry, receipt)

    async def _send(self, page: Page, attempt: int) -> str:
        """Send within bounds; whatever else goes wrong in a channel becomes a failure that may be tried again."""
        if self.upheld is not None:
            await self.upheld.give_way(page)
        try:
            async with asyncio.timeout(self._pace.longest_send.total_seconds()):
                return await self._channel.send(page, attempt)
        except DeliveryFailed:
            raise
        except TimeoutError:
            raise DeliveryFailed("the channel did not end within its own bounds") from None
        except Exception as fault:  # noqa: BLE001 - one fault must not end the lane
            # A mistake of ours. Its message may hold anything, so only its type and place are told.
            place = traceback.extract_tb(fault.__traceback__)[-1]
            fields = {"channel": self.name, "type": type(fault).__name__, "at": f"{place.filename}:{place.lineno}"}
            log.error("channel_fault", extra={"fields": fields})  # noqa: TRY400 - the message may hold a secret
            raise DeliveryFailed(f"the channel has a fault: {type(fault).__name__}") from None

    def _sent(self, entry: _Entry, receipt: str) -> None:
        page = entry.delivery.page
        receipt = receipt[:LONGEST_NOTE]
        entry.delivery = replace(entry.delivery, state=DeliveryState.SENT, last_error="", receipt=receipt)
        log.info("page_sent", extra={"fields": self._fields(entry, receipt=receipt)})
        self._settle(entry)
        self._context.book.reached(page, self.name, Reach.TOLD)
        self.took(page)
        self._context.observer.page_delivered(page, self.name)

    def _failed(self, entry: _Entry, fault: DeliveryFailed) -> None:
        entry.refusals = entry.refusals + 1 if fault.is_permanent else 0
        is_urgent = entry.delivery.page.severity is Severity.PAGE
        tried = Tried(
            entry.delivery.page.id,
            entry.delivery.attempts,
            entry.refusals,
            fault.retry_after,
            is_urgent,
            is_outdated=len(self._queues[entry.delivery.page.dedup_key]) > 1,
        )
        now = self._context.clock.now()
        again_at = next_at(tried, now, self._pace.retry)
        error = str(fault)[:LONGEST_NOTE]
        if again_at is None:
            entry.delivery = replace(entry.delivery, state=DeliveryState.FAILED, last_error=error)
            log.error("page_given_up", extra={"fields": self._fields(entry, error=error)})
            self._settle(entry)
            self._context.book.reached(entry.delivery.page, self.name, Reach.GIVEN_UP)
            self._context.observer.page_failed(entry.delivery.page, self.name)
            return
        self._context.book.reached(entry.delivery.page, self.name, Reach.NOT_REACHED)
        entry.due = self._context.clock.monotonic() + (again_at - now).total_seconds()
        entry.delivery = replace(entry.delivery, state=DeliveryState.PENDING, next_at=again_at, last_error=error)
        log.warning("page_not_sent", extra={"fields": self._fields(entry, error=error, next_at=again_at)})
        self._context.progress.note(entry.delivery)

    def _settle(self, entry: _Entry) -> None:
        page = entry.delivery.page
        self._context.progress.note(entry.delivery)
        self._ids.discard(page.id)
        queue = self._queues[page.dedup_key]
        queue.popleft()
        if not queue:
            del self._queues[page.dedup_key]
        self._context.changed()

    def _fields(self, entry: _Entry, **more: object) -> dict[str, object]:
        delivery = entry.delivery
        return {"page": delivery.page.id, "channel": self.name, "attempt": delivery.attempts, **more}
