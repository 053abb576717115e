"""Counts the SLA of every platform again and again, for the metrics.

1. What is on record of a platform is read once, and again when something was settled that an account rests on; in
   between it is only stretched to now. After ten minutes, because what was settled may have been written later, and
   after a pause in which nobody lived, it is read anew.
2. A round comes every `LEAST_SECONDS`, or so much later that counting takes no more than `SHARE` of the time, a minute
   at most. Between two platforms others have their turn.
3. A fault here costs the numbers of one platform, and never the monitor. While the store can't be read, what was shown
   last stays; of a platform of which nothing was read yet, nothing is.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from glasswatch.clock import Clock
from monitor.errors import StoreError
from monitor.model.fact import (
    FunctionChanged,
    OutageEnded,
    OutageOpened,
    OutageReopened,
    OutageWidened,
    PlatformChanged,
)
from monitor.model.figures import Figures
from monitor.model.maintenance import WindowFact
from monitor.model.past import Past, PastQuery
from monitor.rules.past import SIGN_IS_DUE
from monitor.rules.periods import Terms
from monitor.rules.sla_figures import SINCE, figures, stretched
from monitor.settle import Settled

LEAST_SECONDS: Final = 15.0
MOST_SECONDS: Final = 60.0
FIRST_SECONDS: Final = 1.0
SHARE: Final = 0.005
_ANEW: Final = timedelta(minutes=10)
_TELLING = (PlatformChanged, FunctionChanged, OutageOpened, OutageWidened, OutageEnded, OutageReopened, WindowFact)

log = logging.getLogger("glasswatch.sla")


class PastStore(Protocol):
    """Where what is on record of a platform is read."""

    async def past(self, query: PastQuery) -> Past:
        """Return what is on record of a platform, to account for it."""
        ...


@dataclass(frozen=True, slots=True)
class SlaContext:
    """`terms` returns what was agreed about each platform that is watched; `show` takes what was counted."""

    store: PastStore
    clock: Clock
    terms: Callable[[], Mapping[str, Terms]]
    show: Callable[[str, Figures], None]


@dataclass(slots=True)
class _Read:
    """What was read, when, and when it was counted from last."""

    past: Past
    at: datetime
    counted_at: datetime


class SlaWatch:
    """Runs until cancelled."""

    def __init__(self, context: SlaContext) -> None:
        self._context = context
        self._read: dict[str, _Read] = {}
        self._stale: set[str] = set()

    def settled(self, settled: Settled) -> None:
        """Take note that what was read of a platform is no longer all, if it isn't."""
        if any(isinstance(fact, _TELLING) for fact in settled.facts):
            self._stale.add(settled.state.platform)

    async def run(self) -> None:
        """Count round after round."""
        pause = FIRST_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = await self.once()

    async def once(self) -> float:
        """Count every platform once; return in how many seconds the next round is due."""
        watched = self._context.terms()
        for gone in self._read.keys() - watched.keys():
            del self._read[gone]
        self._stale &= watched.keys()
        took = 0.0
        for name, terms in watched.items():
            try:
                took += await self._count(name, terms)
            except Exception:
                # Who accounts must not end who watches: a fault of ours here costs numbers, and nothing else.
                log.exception("sla_fault", extra={"fields": {"platform": name}})
            await asyncio.sleep(0)
        return min(max(LEAST_SECONDS, took / SHARE), MOST_SECONDS)

    async def _count(self, platform: str, terms: Terms) -> float:
        """Count a platform; return how long counting took."""
        past = await self._past(platform)
        if past is None or platform not in self._context.terms():  # it may have gone while it was read
            return 0.0
        began = self._context.clock.monotonic()
        self._context.show(platform, figures(past, terms))
        return self._context.clock.monotonic() - began

    async def _past(self, platform: str) -> Past | None:
        now = self._context.clock.now()
        held = self._read.get(platform)
        if held is not None and platform not in self._stale and _is_good(held, now):
            held.counted_at = now
            return stretched(held.past, now)
        self._read.pop(platform, None)
        self._stale.discard(platform)  # before reading: what is settled meanwhile may be missing in the answer
        try:
            past = await self._context.store.past(PastQuery(platform, now - SINCE, now))
        except StoreError as fault:
            log.info("sla_not_read", extra={"fields": {"platform": platform, "error": str(fault)}})
            return None
        self._read[platform] = _Read(past, now, now)
        return stretched(past, self._context.clock.now())


def _is_good(held: _Read, now: datetime) -> bool:
    is_fresh = timedelta() <= now - held.at <= _ANEW
    return is_fresh and timedelta() <= now - held.counted_at <= timedelta(seconds=MOST_SECONDS) + SIGN_IS_DUE
