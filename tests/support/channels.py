"""Channels and an observer at the monitor's ports that do as they are told and remember what they were given."""

import asyncio
from collections import deque
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta

from monitor.errors import DeliveryFailed
from monitor.model.page import Page

TEMPORARY = DeliveryFailed("answered 503")
REFUSED = DeliveryFailed("answered 400", is_permanent=True)


def limited(seconds: float) -> DeliveryFailed:
    """Return a failure that asks to wait."""
    return DeliveryFailed("answered 429", retry_after=timedelta(seconds=seconds))


class Hang:
    """An act: never answer."""


class Late:
    """An act: take the page, but never say so (the answer is lost)."""


Act = Exception | Hang | Late | None


@dataclass
class ScriptedChannel:
    """Takes pages. `script` holds what happens at each try, in order, then `default`; None takes the page.

    `decide` goes before both, where it returns an act. `tried` has every try, `taken` what got through, in order.
    """

    script: deque[Act] = field(default_factory=deque)
    default: Act = None
    decide: Callable[[Page, int], Act] | None = None
    tried: list[tuple[Page, int]] = field(default_factory=list)
    taken: list[Page] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    most_at_once: int = 0
    is_closed: bool = False
    _now: int = 0

    async def send(self, page: Page, attempt: int) -> str:
        """Do what the script says."""
        self.tried.append((page, attempt))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        self.changed.set()
        try:
            await asyncio.sleep(0)
            await self._act(page, attempt)
        finally:
            self._now -= 1
        return f"receipt {page.id}"

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.is_closed = True

    async def wait_until(self, condition: Callable[["ScriptedChannel"], bool], within: float = 20.0) -> None:
        """Wait until a condition holds; it is asked again at each try and each page taken. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while not condition(self):
                self.changed.clear()
                await self.changed.wait()

    async def _act(self, page: Page, attempt: int) -> None:
        act = self.decide(page, attempt) if self.decide else None
        if act is None:
            act = self.script.popleft() if self.script else self.default
        if isinstance(act, Exception):
            # A fresh one each time: raising the same again would add to its traceback for ever.
            raise copy(act)
        if isinstance(act, Hang):
            await asyncio.Event().wait()
        self.taken.append(page)
        self.changed.set()
        if isinstance(act, Late):
            await asyncio.Event().wait()


@dataclass
class CountingObserver:
    """A `PageObserver` that remembers."""

    decided: list[Page] = field(default_factory=list)
    delivered: list[tuple[Page, str]] = field(default_factory=list)
    failed: list[tuple[Page, str]] = field(default_factory=list)
    fell_back: list[Page] = field(default_factory=list)
    pending: int = 0

    def page_decided(self, page: Page) -> None:
        """Remember it."""
        self.decided.append(page)

    def page_delivered(self, page: Page, channel: str) -> None:
        """Remember it."""
        self.delivered.append((page, channel))

    def page_failed(self, page: Page, channel: str) -> None:
        """Remember it."""
        self.failed.append((page, channel))

    def page_fell_back(self, page: Page) -> None:
        """Remember it."""
        self.fell_back.append(page)

    def pages_pending(self, count: int) -> None:
        """Remember it."""
        self.pending = count
