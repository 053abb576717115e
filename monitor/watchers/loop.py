"""Has one watcher's log read again and again, and hands on what it finds.

1. The place is kept in the store after what was found before it: across a restart an entry is found at least once, and
   told again it is known.
2. What can't be read is not measured: it is told as such, and tried again.
3. Each watcher has a loop of its own: one that fails or hangs delays no other.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from glasswatch.clock import Clock
from monitor.errors import CannotSee, StoreError
from monitor.model.use import Finding
from monitor.model.watch import LogEntry, LogPart
from monitor.ports import LogSource, Store
from monitor.storegate import StoreGate

log = logging.getLogger("glasswatch.watchers")

EVERY_SECONDS: Final = 1.0
AGAIN_SECONDS: Final = 5.0
KEEP_SECONDS: Final = 5.0
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Aim:
    """What a watcher watches: its name, the platform, the target where the log doesn't tell, and how often."""

    watcher: str
    platform: str
    target: str | None
    every_seconds: float = EVERY_SECONDS


@dataclass(frozen=True, slots=True)
class LoopContext:
    """What a loop works with. `find` takes a finding in; `saw` hears whether the watcher sees."""

    store: Store
    gate: StoreGate
    clock: Clock
    find: Callable[[Finding], Awaitable[None]]
    saw: Callable[[str, bool], None]
    again_seconds: float = AGAIN_SECONDS
    keep_seconds: float = KEEP_SECONDS


class WatchLoop:
    """Runs one watcher."""

    def __init__(self, aim: Aim, source: LogSource, context: LoopContext) -> None:
        self.aim = aim
        self._source = source
        self._context = context
        self._is_seeing: bool | None = None
        self._why = ""
        self._place: str | None = None
        self._kept: str | None = None
        self._kept_at: float | None = None
        self._is_taken_up = False
        self._found: deque[str] = deque(maxlen=_REMEMBERED)

    @property
    def name(self) -> str:
        """The watcher's name."""
        return self.aim.watcher

    @property
    def is_seeing(self) -> bool | None:
        """Whether it could read its log the last time; None before the first."""
        return self._is_seeing

    @property
    def why_not(self) -> str:
        """Why it can't see; empty while it can."""
        return self._why

    async def run(self) -> None:
        """Read again and again. Only cancellation ends it."""
        while True:
            seconds = await self.step()
            await asyncio.sleep(seconds)

    async def step(self) -> float:
        """Read once; return how long to wait before the next time."""
        try:
            if not self._is_taken_up:
                self._place = self._kept = await self._context.store.place(self.aim.watcher)
                self._is_taken_up = True
            part = await self._source.read(self._place)
            is_news = await self._take(part)
        except CannotSee as fault:
            self._see(str(fault))
            return self._context.again_seconds
        except StoreError:
            return self._context.again_seconds  # the gate tells of it
        except Exception as fault:
            # A mistake of ours: this watcher doesn't see, and the others go on.
            log.exception("watcher_fault", extra={"fields": {"watcher": self.aim.watcher}})
            self._see(f"a fault of glasswatch: {type(fault).__name__}")
            return self._context.again_seconds
        self._see("")
        return 0.0 if is_news else self.aim.every_seconds

    async def aclose(self) -> None:
        """Keep the place, and let go of what the source holds."""
        await self._keep()
        await self._source.aclose()

    async def _take(self, part: LogPart) -> bool:
        """Hand on what was found; return whether any of it is new."""
        now = self._context.clock.now()
        fresh = [entry for entry in part.entries if entry.id not in self._found]
        for entry in fresh:
            await self._context.find(self._finding(entry, now))
            self._found.append(entry.id)
        self._place = part.place
        is_due = self._kept_at is None or self._context.clock.monotonic() >= self._kept_at + self._context.keep_seconds
        if fresh or is_due:
            await self._keep()
        return bool(fresh)

    async def _keep(self) -> None:
        # With the gate closed what was found isn't on record: whoever comes next must find it again.
        if self._place is None or self._place == self._kept or not self._context.gate.is_open:
            return
        try:
            await self._context.store.keep_place(self.aim.watcher, self._place)
        except StoreError as fault:
            self._context.gate.failed(fault)
            return
        self._kept, self._kept_at = self._place, self._context.clock.monotonic()

    def _finding(self, entry: LogEntry, now: datetime) -> Finding:
        return Finding(
            id=entry.id,
            platform=self.aim.platform,
            watcher=self.aim.watcher,
            at=entry.at or now,
            person=entry.person,
            target=entry.target or self.aim.target or "unknown",
            attempt=entry.attempt,
            second=entry.second,
        )

    def _see(self, why_not: str) -> None:
        is_seeing = not why_not
        if is_seeing is not self._is_seeing:
            event, level = ("watcher_seeing", logging.INFO) if is_seeing else ("watcher_blind", logging.ERROR)
            log.log(level, event, extra={"fields": {"watcher": self.aim.watcher, "why": why_not}})
            self._context.saw(self.aim.watcher, is_seeing)
        self._is_seeing, self._why = is_seeing, why_not
