"""One platform's way to one target: the latest document goes out, one try after another."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.errors import PublishFailed
from monitor.model.copy import Copy
from monitor.model.record import FlagDocument
from monitor.ports import FlagTarget, PublishObserver
from monitor.turns import Turn, Turns

log = logging.getLogger("glasswatch.publish")


@dataclass(frozen=True, slots=True)
class PublishPace:
    """How a failed target is tried again, and how much it is given at a time.

    `longest` cuts off a target that breaks its promise to be bounded: a timeout is 30 s at most, and reading a secret
    may take 11 s before it.
    """

    first: timedelta = timedelta(seconds=1)
    cap: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(seconds=45)
    at_once: int = 8


@dataclass(frozen=True, slots=True)
class LineContext:
    """What a line works with. `moved` is told of +1 when it falls behind, and of -1 when it has caught up."""

    turns: Turns
    pace: PublishPace
    moved: Callable[["CopyLine", int], None]
    observer: PublishObserver


class CopyLine:
    """Keeps one target at the latest document of one platform."""

    def __init__(self, target: FlagTarget, platform: str, context: LineContext) -> None:
        self.target = target
        self.platform = platform
        self.failures = 0
        self.caught_up = asyncio.Event()
        self.caught_up.set()
        self._context = context
        self._latest: FlagDocument | None = None
        self._shown: FlagDocument | None = None
        self._waiting_since: datetime | None = None
        self._differs_since: datetime | None = None
        self._error = ""
        self._turn: Turn | None = None
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"publish {platform} to {target.name}")

    @property
    def is_behind(self) -> bool:
        """Whether the target doesn't show the latest document yet."""
        return not self.caught_up.is_set()

    @property
    def is_unpublished(self) -> bool:
        """Whether that is news: the last try failed, or nothing ever got there."""
        return self.is_behind and (bool(self._error) or self._shown is None)

    def copy(self) -> Copy | None:
        """Return what is known of the copy; None before there is a document."""
        if self._latest is None:
            return None
        return Copy(
            target=self.target.name,
            platform=self.platform,
            latest=self._latest,
            shown=self._shown,
            waiting_since=self._waiting_since,
            differs_since=self._differs_since,
            error=self._error,
        )

    def put(self, document: FlagDocument) -> None:
        """Have this document published in place of every earlier one."""
        if self._latest is not None and document.ver <= self._latest.ver:
            return
        self._latest = document
        self._note_waiting()
        if self._differs_since is not None and self._turn is not None:
            self._context.turns.urge(self._turn)
        self._wake.set()

    def hurry(self) -> None:
        """Try again now rather than when it is due."""
        if self.is_behind:
            self._wake.set()

    async def close(self) -> None:
        """End, and log what is not out."""
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=1.0)
        if self.is_behind:
            log.warning("flag_not_published", extra={"fields": self._fields()})

    def abandon(self) -> None:
        """Count no more as behind: nobody looks there for the flag, or nobody signs it. Once it is closed."""
        if self.is_behind:
            self.caught_up.set()
            self._context.moved(self, -1)

    async def _run(self) -> None:
        pace = self._context.pace
        wait, failed = pace.first, False
        while True:
            await self._woken(wait if failed else None)
            if not self.is_behind:
                continue
            if failed:
                wait = min(wait * 2, pace.cap)
            failed = not await self._is_out()
            if not failed:
                wait = pace.first

    async def _woken(self, wait: timedelta | None) -> None:
        try:
            async with asyncio.timeout(wait.total_seconds() if wait else None):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _is_out(self) -> bool:
        self._turn = asyncio.get_running_loop().create_future()
        async with self._context.turns.taken(self._turn, is_urgent=self._differs_since is not None):
            self._turn = None
            document = self._latest
            if document is None:
                return True
            self._error = await self._tried(document)
        self._context.observer.publish_tried(document, self.target.name, is_out=not self._error)
        if self._error:
            self.failures += 1
            log.error("flag_not_published", extra={"fields": {**self._fields(), "error": self._error}})
            return False
        self._note_shown(document)
        return True

    async def _tried(self, document: FlagDocument) -> str:
        """Publish once; return what went wrong, or nothing."""
        try:
            async with asyncio.timeout(self._context.pace.longest.total_seconds()):
                await self.target.publish(document)
        except PublishFailed as fault:
            return str(fault) or "it failed"
        except TimeoutError:
            return "the target did not end within its own bounds"
        except Exception as fault:  # noqa: BLE001 - one target's fault must not end its line
            # A mistake of ours; its message may hold anything.
            return f"the target has a fault: {type(fault).__name__}"
        return ""

    def _note_waiting(self) -> None:
        """Take note that the latest document is not there."""
        if self._latest is None:
            return
        if self._waiting_since is None:
            self._waiting_since = self._latest.issued_at
        if self._differs_since is None and (self._shown is None or self._shown.change != self._latest.change):
            self._differs_since = self._latest.issued_at
        if not self.is_behind:
            self.caught_up.clear()
            self._context.moved(self, 1)

    def _note_shown(self, document: FlagDocument) -> None:
        """Take note of what the target shows now."""
        self._shown = document
        self._waiting_since = self._differs_since = None
        if document is not self._latest:
            self._note_waiting()
            return
        self.caught_up.set()
        self._context.moved(self, -1)

    def _fields(self) -> dict[str, object]:
        ver = self._latest.ver if self._latest else None
        return {"target": self.target.name, "platform": self.platform, "ver": ver}
