"""Gets every decided page to its channels at least once.

1. A page is in the store, with a delivery for each of its channels, before it is handed in here; one that could not
   be recorded is handed in all the same.
2. On start everything unsent is taken up again. What was under way counts as unsent: the receipt may have been lost,
   and the other side joins repeats by the page's id and dedup key.
3. Each channel has a lane of its own (`monitor.lane`): one that fails or hangs never delays another.
4. Handing in never waits. Stopping is bounded: what is due is tried once more, what is then left stays in the store.
5. Whoever was told that something fires is told that it is over, and what is not taken in time goes to the channels
   that it falls back on (`monitor.rules.fallback`); what a channel would let lapse it is told again (`monitor.upheld`),
   and one that can be asked is asked who deals with it (`monitor.acknowledgements`).
6. A page for a channel that is configured no more goes to the channels it is routed to now; the old delivery, and a
   page without any channel, count as failed and are logged. So it is whether the settings changed while it was down or
   while it runs (`adopt`).

What a page says is the channel's affair, when it is tried again `monitor.rules.retry`'s.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from glasswatch.clock import Clock
from monitor.acknowledgements import Heard, Hearing, askers_of
from monitor.errors import StoreError
from monitor.fallback import FallbackWatch
from monitor.lane import Lane, LaneContext, Pace
from monitor.model.page import Page, PageStatus
from monitor.model.record import Delivery, DeliveryState, RoutedPage, Standing
from monitor.model.told import Reach
from monitor.ports import Channel, PageObserver, Store
from monitor.progress import Progress
from monitor.reached import REACH, ReachBook
from monitor.rules.fallback import Fallback, audience
from monitor.storegate import StoreGate

log = logging.getLogger("glasswatch.outbox")

RESTART_SECONDS = 1.0
CLOSING_SECONDS = 1.0  # what writing the last progress and closing the channels may each take on stop


def _nothing(_page: Page) -> Sequence[Fallback]:
    return ()


class NobodyCounts:
    """A `PageObserver` that counts nothing."""

    def page_decided(self, page: Page) -> None:
        """Do nothing."""

    def page_delivered(self, page: Page, channel: str) -> None:
        """Do nothing."""

    def page_failed(self, page: Page, channel: str) -> None:
        """Do nothing."""

    def page_fell_back(self, page: Page) -> None:
        """Do nothing."""

    def pages_pending(self, count: int) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class OutboxContext:
    """What the outbox works with. `fallbacks` returns what a page may fall back on."""

    store: Store
    gate: StoreGate
    clock: Clock
    route: Callable[[Page], tuple[str, ...]]
    observer: PageObserver = field(default_factory=NobodyCounts)
    pace: Pace = field(default_factory=Pace)
    fallbacks: Callable[[Page], Sequence[Fallback]] = _nothing


class Outbox:
    """The pages on their way. `start`, then `submit` at will, then `stop`."""

    def __init__(self, channels: Mapping[str, Channel], context: OutboxContext) -> None:
        self._channels = dict(channels)
        self._context = context
        self._progress = Progress(context.store, context.gate)
        self.book = ReachBook(context.clock)
        self._fallbacks = FallbackWatch(self.book, context.fallbacks, self._fall_back)
        self._of_lanes = LaneContext(
            context.clock, context.observer, self._progress, context.pace, self._count, self.book
        )
        self._lanes = {name: Lane(name, channel, self._of_lanes) for name, channel in self._channels.items()}
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._sides: dict[str, list[asyncio.Task[None]]] = {}
        self._heard: Heard | None = None
        self._early: list[Delivery] | None = []
        self._over: dict[str, dict[str, Page]] = {}  # channel that went → key → what it was not told is over
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def pending(self) -> int:
        """How many deliveries (a page through a channel) are not settled."""
        return sum(lane.pending for lane in self._lanes.values())

    @property
    def is_on_record(self) -> bool:
        """Whether the store knows how far every page got."""
        return self._progress.is_written

    async def start(self) -> None:
        """Take up what is unsent, and begin. What was handed in before comes after that.

        Call it once, after the settlers were built: the gate asks its owners in the order in which they registered,
        and the commits that record pages go before what became of them.

        Raises:
            StoreUnavailable: what is unsent can't be read.
        """
        unsent = await self._context.store.unsent()
        standing = await self._context.store.standing()
        early, self._early = self._early or [], None
        self._take_up(standing)
        for delivery in self._routed_anew(unsent):
            self._take(delivery)
        for delivery in early:
            self._take(delivery)
        for page in dict.fromkeys((*standing.over, *(delivery.page for delivery in early))):
            self._tell_whoever_knows(page)
        self._context.gate.register(self._progress.drain, lambda: self._progress.is_written)
        self._tasks = [_begun(self._progress.run), _begun(self._fallbacks.run)]
        for name, lane in self._lanes.items():
            self._run(name, lane)
        self._count()

    def adopt(self, came: Mapping[str, Channel], went: Collection[str]) -> list[Channel]:
        """Take other channels from now on; one of a known name takes the place of the one before. Never waits.

        Pages keep their place in the lanes that stay; those in the others go where they are routed to now. Return the
        channels that are no longer used, to be closed: what is under way through them is tried again.
        """
        unused = [self._lanes[name].use(channel) for name, channel in came.items() if name in self._lanes]
        self._channels |= came
        for name, channel in came.items():
            if name in self._lanes:
                self._attend(name, self._lanes[name])
            else:
                lane = self._lanes[name] = Lane(name, channel, self._of_lanes)
                lane.uphold()
                self._run(name, lane)
                self._tell_of_ends(name)
        gone = [self._lanes.pop(name) for name in went]
        for name in went:
            unused.append(self._channels.pop(name))
            self._end(name)
        left = [delivery for lane in gone for delivery in lane.unsettled()]
        for delivery in self._routed_anew(left):
            self._take(delivery)
        self._count()
        return unused

    def listen(self, heard: Heard) -> None:
        """Have asked, from the start on, who deals with what fires; call it before."""
        self._heard = heard

    def _run(self, name: str, lane: Lane) -> None:
        self._runs[name] = _begun(lane.run)
        self._attend(name, lane)

    def _attend(self, name: str, lane: Lane) -> None:
        """Begin what runs beside a lane as long as its channel is this one."""
        for task in self._sides.pop(name, ()):
            task.cancel()
        runs = [lane.upheld.run] if lane.upheld is not None else []
        if self._heard is not None:
            hearing = Hearing(self._heard, self.lost)
            runs += [each.run for each in askers_of({name: self._channels[name]}, self.book, hearing)]
        self._sides[name] = [_begun(run) for run in runs]

    def _end(self, name: str) -> None:
        for task in (self._runs.pop(name), *self._sides.pop(name)):
            task.cancel()

    def submit(self, routed: RoutedPage) -> None:
        """Take in a page that was just committed, or could not be. Never waits, raises nothing.

        Handed in again (with further channels, say), it goes to those that don't have it under way.
        """
        page = routed.page
        self._context.observer.page_decided(page)
        if page.status is PageStatus.FIRING:
            for over in self._over.values():
                over.pop(page.dedup_key, None)
        if not routed.channels:
            log.warning("page_without_channel", extra={"fields": {"page": page.id, "kind": page.kind}})
            self._context.observer.page_failed(page, "")
        now = self._context.clock.now()
        for channel in routed.channels:
            self.book.put(page, channel)  # all of them before the first is tried: each says who else is told
        for channel in routed.channels:
            delivery = Delivery(page, channel, DeliveryState.PENDING, attempts=0, next_at=now)
            if self._early is None:
                self._take(delivery)
            else:
                self._early.append(delivery)
        if self._early is None:
            self._tell_whoever_knows(page)

    def lost(self, page: Page, channel: str) -> None:
        """Send a page again that a channel took and lost; as long as nothing newer of its key is on its way there."""
        lane = self._lanes.get(channel)
        if lane is None or not lane.is_idle(page.dedup_key):
            return
        delivery = Delivery(page, channel, DeliveryState.PENDING, attempts=0, next_at=self._context.clock.now())
        self.book.reached(page, channel, Reach.NOT_REACHED)
        self._fallbacks.look_at(page)
        self._progress.note(delivery)
        lane.put(delivery)

    async def stop(self, within: timedelta = timedelta(seconds=3)) -> None:
        """End. What was never tried, and what is under way, gets `within` to be settled; repeated calls do nothing.

        Takes at most `within` and 2 s more.
        """
        tasks, self._tasks = self._tasks, []
        if not tasks:
            return
        tasks += [*self._runs.values(), *(task for side in self._sides.values() for task in side)]
        await self._quieten(within)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
        await self._close()
        left = [delivery for lane in self._lanes.values() for delivery in lane.unsettled()]
        if left:
            log.warning("pages_left_unsent", extra={"fields": {"deliveries": len(left)}})
        for delivery in left:
            if delivery.page.unrecorded:
                fields = {"page": delivery.page.id, "channel": delivery.channel}
                log.error("unrecorded_page_left_unsent", extra={"fields": fields})

    def _take_up(self, standing: Standing) -> None:
        """Know again what was known of who was told what."""
        for delivery in (*standing.firing, *standing.settled):
            self.book.put(delivery.page, delivery.channel, REACH[delivery.state])
        for delivery in standing.firing:
            lane = self._lanes.get(delivery.channel)
            if lane is not None:
                lane.took(delivery.page)

    def _tell_whoever_knows(self, page: Page) -> None:
        known = self.book.reach_of(page)
        further = audience(page, tuple(known), self.book.knowing(page.dedup_key))
        self._tell(page, [channel for channel in further if channel not in known])

    def _tell(self, page: Page, channels: Sequence[str], *, is_fallback: bool = False) -> None:
        """Tell further channels of a page that is on record without them."""
        now = self._context.clock.now()
        for channel in channels:
            lane = self._lanes.get(channel)
            if lane is None and page.status is PageStatus.RESOLVED:
                self._over.setdefault(channel, {})[page.dedup_key] = page
            if lane is None or lane.has(page):
                continue
            delivery = Delivery(page, channel, DeliveryState.PENDING, attempts=0, next_at=now)
            self._progress.note(delivery)
            self.book.put(page, channel, is_fallback=is_fallback)
            lane.put(delivery)

    def _tell_of_ends(self, name: str) -> None:
        """Tell a channel that was away what of that it was told is over since."""
        for page in self._over.pop(name, {}).values():
            if self.book.fires(page.dedup_key, name):
                self._tell(page, (name,))

    def _fall_back(self, page: Page, channels: Sequence[str]) -> None:
        missed = [told.channel for told in self.book.of(page) if told.reach is not Reach.TOLD]
        fields = {"page": page.id, "not_taken_by": missed, "told": list(channels)}
        log.warning("page_fell_back", extra={"fields": fields})
        self._context.observer.page_fell_back(page)
        self._tell(page, channels, is_fallback=True)

    def _routed_anew(self, unsent: Sequence[Delivery]) -> list[Delivery]:
        """Return what is unsent, and the pages of channels that are gone once more, for those they go to now."""
        known = {(delivery.page.id, delivery.channel) for delivery in unsent}
        found = list(unsent)
        for delivery in unsent:
            if delivery.channel in self._lanes:
                continue
            for channel in self._context.route(delivery.page):
                if (delivery.page.id, channel) not in known:
                    known.add((delivery.page.id, channel))
                    found.append(replace(delivery, channel=channel, state=DeliveryState.PENDING, attempts=0))
        return found

    def _take(self, delivery: Delivery) -> None:
        lane = self._lanes.get(delivery.channel)
        if lane is not None:
            lane.put(delivery)
            return
        error = "the channel is not configured"
        fields = {"page": delivery.page.id, "channel": delivery.channel, "error": error}
        log.error("page_given_up", extra={"fields": fields})
        self._progress.note(replace(delivery, state=DeliveryState.FAILED, last_error=error))
        self.book.reached(delivery.page, delivery.channel, Reach.GIVEN_UP)
        self._context.observer.page_failed(delivery.page, delivery.channel)

    def _count(self) -> None:
        self._context.observer.pages_pending(self.pending)

    async def _quieten(self, within: timedelta) -> None:
        try:
            async with asyncio.timeout(within.total_seconds()):
                await asyncio.gather(*(lane.quiet() for lane in self._lanes.values()))
        except TimeoutError:
            log.warning("outbox_stopped_early", extra={"fields": {"pending": self.pending}})

    async def _close(self) -> None:
        try:
            # Even while the gate is closed: the settlers had their last try too, and it may have worked.
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._progress.drain()
        except (StoreError, TimeoutError) as fault:
            log.warning("progress_not_written", extra={"fields": {"error": str(fault) or "timed out"}})
        closing = [channel.aclose() for channel in self._channels.values()]
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await asyncio.gather(*closing, return_exceptions=True)
        except TimeoutError:
            log.warning("channel_not_closed")


def _begun(run: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
    return asyncio.create_task(_keep_running(run), name="outbox")


async def _keep_running(run: Callable[[], Awaitable[None]]) -> None:
    """Run until cancelled; begin anew after a mistake of ours, because nobody would be paged without it."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("outbox_fault")
        await asyncio.sleep(RESTART_SECONDS)
