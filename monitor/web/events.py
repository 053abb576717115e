"""Tells everybody who listens on `/api/v1/events` what changes.

1. Each event has an id that rises. Ids carry the hub's own mark, so that one from before a restart is known as such.
2. A client has a queue of its own, bounded: one that reads too slowly is dropped, and nobody waits for it.
3. A client that comes back says the last id it saw and is told what it missed; if that is no longer held, it is told
   `reset` and reads the status again.

The hub sends nothing itself: `stream.py` carries a client's queue over HTTP.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model.fact import (
    ActDone,
    Fact,
    FlagChanged,
    FunctionChanged,
    OutageEnded,
    OutageOpened,
    OutageReopened,
    OutageWidened,
    PageDecided,
    PlatformChanged,
)
from monitor.model.maintenance import WindowFact
from monitor.model.page import Page
from monitor.model.use import Happening, Use
from monitor.web import useshaping, windowshaping
from monitor.web.shaping import outage
from monitor.wire.happenings import EVENTS, ActEvent, FlagEvent, OutageEvent, PageEvent, ResetEvent, VerdictEvent
from monitor.wire.shape import Shape
from monitor.wire.uses import UseEvent

HELD = 256  # events that a client which comes back can still be told
QUEUE_SIZE = 2 * HELD  # so that one who missed all of them has room for as many new ones
_NAMES = {shape: name for name, shape in EVENTS.items()}
_HAPPENINGS = {OutageOpened: "opened", OutageWidened: "widened", OutageReopened: "reopened", OutageEnded: "ended"}


@dataclass(frozen=True, slots=True)
class Message:
    """One event, ready to be sent. `number` orders it."""

    number: int
    frame: bytes


@dataclass(eq=False, slots=True)
class Listener:
    """One client's queue. `dropped` is set when it overflowed; None in the queue ends the stream."""

    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(QUEUE_SIZE))
    dropped: bool = False

    def offer(self, frame: bytes | None) -> bool:
        """Queue a frame; say whether there was room."""
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.dropped = True
        return not self.dropped


class Hub:
    """Hands every event to every listener.

    `mark` tells this run of the monitor from others; the instant it started will do.
    """

    def __init__(self, mark: str, max_listeners: int = 32) -> None:
        self._mark = mark
        self._max_listeners = max_listeners
        self._number = 0
        self._held: deque[Message] = deque(maxlen=HELD)
        self._listeners: set[Listener] = set()
        self._is_closed = False

    @property
    def listeners(self) -> int:
        """How many clients listen now."""
        return len(self._listeners)

    def tell(self, platform: str, facts: Iterable[Fact], at: datetime) -> None:
        """Hand on what the rules found about a platform at an instant. Never blocks."""
        for fact in facts:
            shape = event_of(platform, fact, at)
            if shape is not None:
                self._publish(shape)

    def tell_use(self, use: Use, happening: Happening) -> None:
        """Hand on what became of a use of break-glass. Never blocks."""
        self._publish(UseEvent(happening=happening.value, use=useshaping.use(use)))

    def join(self, last_seen: str | None) -> Listener | None:
        """Let a client in, with what it missed since the id it saw last; None when there are too many already."""
        if self._is_closed or len(self._listeners) >= self._max_listeners:
            return None
        listener = Listener()
        for frame in self._missed(last_seen):
            listener.offer(frame)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Forget a client. Repeated calls do nothing."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """End every stream. Repeated calls do nothing."""
        self._is_closed = True
        for listener in self._listeners:
            listener.offer(None)  # a full queue is dropped, which ends the stream as well
        self._listeners.clear()

    def _publish(self, shape: Shape) -> None:
        self._number += 1
        message = Message(self._number, self._frame(self._number, shape))
        self._held.append(message)
        slow = [listener for listener in self._listeners if not listener.offer(message.frame)]
        for listener in slow:
            self._listeners.discard(listener)

    def _missed(self, last_seen: str | None) -> list[bytes]:
        """Return what a client that saw this id last has yet to see. A client without one asks for news only."""
        if not last_seen:
            return []
        mark, _, number = last_seen.rpartition("-")
        seen = int(number) if number.isascii() and number.isdigit() and len(number) < len(str(2**63)) else -1
        oldest = self._held[0].number if self._held else self._number + 1
        if mark != self._mark or not oldest - 1 <= seen <= self._number:
            reason = "some events can no longer be told: read /api/v1/status"
            return [self._frame(self._number, ResetEvent(reason=reason))]
        return [message.frame for message in self._held if message.number > seen]

    def _frame(self, number: int, shape: Shape) -> bytes:
        """Return the event as it goes over the wire. JSON holds no line break, so one data line is enough."""
        return f"id: {self._mark}-{number}\nevent: {_NAMES[type(shape)]}\ndata: {shape.model_dump_json()}\n\n".encode()


def event_of(platform: str, fact: Fact, at: datetime) -> Shape | None:
    """Return what is told of a fact; None for what stays inside."""
    match fact:
        case PlatformChanged() | FunctionChanged():
            return _verdict(platform, fact)
        case FlagChanged(was=was, now=now, why=why):
            return FlagEvent(
                platform=platform, was=was.state.value, now=now.state.value, change=now.change, at=at, why=why
            )
        case ActDone():
            return _act(platform, fact, at)
        case OutageOpened() | OutageWidened() | OutageReopened() | OutageEnded():
            return OutageEvent.model_validate({"happening": _HAPPENINGS[type(fact)], "outage": outage(fact.outage)})
        case PageDecided(page=page):
            return _page(page)
        case _:
            return windowshaping.event(platform, fact, at) if isinstance(fact, WindowFact) else None


def _verdict(platform: str, fact: PlatformChanged | FunctionChanged) -> VerdictEvent:
    return VerdictEvent(
        platform=platform,
        function=fact.function if isinstance(fact, FunctionChanged) else None,
        was=fact.was.value,
        now=fact.now.value,
        at=fact.at,
        why=fact.why,
    )


def _act(platform: str, fact: ActDone, at: datetime) -> ActEvent:
    asked_by = fact.request.by if fact.request is not None else None
    return ActEvent(
        platform=platform,
        act=fact.kind.value,
        person=fact.person,
        asked_by=None if asked_by == fact.person else asked_by,
        id=fact.subject,
        reason=fact.reason,
        ticket=fact.ticket,
        until=fact.until,
        at=at,
    )


def _page(page: Page) -> PageEvent:
    return PageEvent(
        platform=page.platform,
        kind=page.kind.value,
        severity=page.severity.value,
        status=page.status.value,
        summary=page.summary,
        reason=page.reason,
        dedup_key=page.dedup_key,
        outage=page.outage,
        at=page.decided_at,
    )
