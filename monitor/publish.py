"""Publishes signed flags to where readers look for them.

1. For each target and platform the latest document wins: what was overtaken while its target was away is never
   published. An older version never follows a newer one.
2. Targets and platforms are independent: one that fails or hangs holds up no other. Each is tried again by itself
   after 1 s, 2 s, … 30 s at most, without end.
3. Handing in never waits. `publish_now` waits, bounded, for whoever wants to know.
4. Stopping is bounded and gives what is not out yet one more try.

A target is anything behind `monitor.ports.FlagTarget`; a file is the one that always exists.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from glasswatch import files
from monitor.errors import PublishFailed
from monitor.model.record import FlagDocument
from monitor.ports import FlagTarget
from monitor.sidethread import SideThread

log = logging.getLogger("glasswatch.publish")


@dataclass(frozen=True, slots=True)
class PublishPace:
    """How a failed target is tried again. `longest` cuts off a target that breaks its promise to be bounded."""

    first: timedelta = timedelta(seconds=1)
    cap: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(seconds=15)


class FileTarget:
    """A file. `{platform}` in its path stands for the platform's name.

    The file holds exactly the document's bytes, no newline, so that its SHA-256 is the document's.
    """

    def __init__(self, name: str, path: Path, deadline: timedelta = timedelta(seconds=5)) -> None:
        self.name = name
        self._path = path
        self._deadline = deadline
        self._thread = SideThread(f"flag {name}")

    async def publish(self, document: FlagDocument) -> None:
        """Replace the file, whole or not at all, synced to the disk.

        Raises:
            PublishFailed: the disk refused or didn't answer in time. After the latter it may still do it, later; the
                next document is written after that, never before.
        """
        path = Path(str(self._path).replace("{platform}", document.platform))
        data = document.jws.encode("ascii")
        try:
            await self._thread.run(lambda: files.replace(path, data), self._deadline)
        except TimeoutError:
            seconds = self._deadline.total_seconds()
            raise PublishFailed(f"{path}: the disk did not answer within {seconds:g} s") from None
        except OSError as error:
            raise PublishFailed(f"{path}: {error.strerror or error}") from error


class Publisher:
    """Keeps every target at the latest document of every platform."""

    def __init__(self, targets: Sequence[FlagTarget], pace: PublishPace | None = None) -> None:
        self._targets = tuple(targets)
        self._pace = pace or PublishPace()
        self._lines: dict[tuple[str, str], _Line] = {}
        self._is_stopped = False

    @property
    def behind(self) -> Mapping[str, int]:
        """How many platforms' latest document each target doesn't show yet, by target name."""
        return self._sum(lambda line: int(line.is_behind))

    @property
    def failures(self) -> Mapping[str, int]:
        """How many tries failed since start, by target name."""
        return self._sum(lambda line: line.failures)

    def unpublished(self) -> list[str]:
        """Return which targets don't show a platform's latest document and failed to, one line each."""
        return [
            f"the flag of {line.platform} is not published to {line.target.name}"
            for line in self._lines.values()
            if line.is_behind and line.is_failing
        ]

    def submit(self, document: FlagDocument) -> None:
        """Have a document published. Never waits, raises nothing. Call it inside the loop."""
        if self._is_stopped:
            log.warning("publisher_stopped", extra={"fields": {"platform": document.platform, "ver": document.ver}})
            return
        for target in self._targets:
            key = (target.name, document.platform)
            line = self._lines.get(key)
            if line is None:
                line = self._lines[key] = _Line(target, document.platform, self._pace)
            line.put(document)

    async def publish_now(self, document: FlagDocument, within: timedelta) -> tuple[str, ...]:
        """Submit, and wait until every target shows this document or a later one, but no longer than `within`.

        Return the names of the targets that don't yet; they are still being tried.
        """
        self.submit(document)
        lines = [line for line in self._lines.values() if line.platform == document.platform]
        await self._settle(lines, within)
        return tuple(line.target.name for line in lines if line.is_behind)

    async def stop(self, within: timedelta = timedelta(seconds=2)) -> None:
        """End. What is not out yet gets one more try at once, and `within` to succeed. Repeated calls do nothing."""
        self._is_stopped = True
        lines = list(self._lines.values())
        for line in lines:
            line.hurry()
        await self._settle(lines, within)
        for line in lines:
            await line.close()
            if line.is_behind:
                log.warning("flag_not_published", extra={"fields": line.fields()})

    async def _settle(self, lines: Sequence["_Line"], within: timedelta) -> None:
        try:
            async with asyncio.timeout(within.total_seconds()):
                await asyncio.gather(*(line.caught_up.wait() for line in lines))
        except TimeoutError:
            return

    def _sum(self, count: Callable[["_Line"], int]) -> Mapping[str, int]:
        sums = dict.fromkeys((target.name for target in self._targets), 0)
        for line in self._lines.values():
            sums[line.target.name] += count(line)
        return sums


class _Line:
    """One platform's way to one target."""

    def __init__(self, target: FlagTarget, platform: str, pace: PublishPace) -> None:
        self.target = target
        self.platform = platform
        self.failures = 0
        self.is_failing = False
        self.caught_up = asyncio.Event()
        self._pace = pace
        self._latest: FlagDocument | None = None
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=f"publish {platform} to {target.name}")

    @property
    def is_behind(self) -> bool:
        return not self.caught_up.is_set()

    def put(self, document: FlagDocument) -> None:
        if self._latest is not None and document.ver <= self._latest.ver:
            return
        self._latest = document
        self.caught_up.clear()
        self._wake.set()

    def hurry(self) -> None:
        """Try again now rather than when it is due."""
        if self.is_behind:
            self._wake.set()

    def fields(self) -> dict[str, object]:
        ver = self._latest.ver if self._latest else None
        return {"target": self.target.name, "platform": self.platform, "ver": ver}

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task}, timeout=1.0)

    async def _run(self) -> None:
        wait, failed = self._pace.first, False
        while True:
            await self._woken(wait if failed else None)
            document = self._latest
            if document is None or not self.is_behind:
                continue
            if failed:
                wait = min(wait * 2, self._pace.cap)
            failed = self.is_failing = not await self._is_out(document)
            if not failed:
                wait = self._pace.first
                if document is self._latest:
                    self.caught_up.set()

    async def _woken(self, wait: timedelta | None) -> None:
        try:
            async with asyncio.timeout(wait.total_seconds() if wait else None):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()

    async def _is_out(self, document: FlagDocument) -> bool:
        try:
            async with asyncio.timeout(self._pace.longest.total_seconds()):
                await self.target.publish(document)
        except PublishFailed as fault:
            self._note_failure(str(fault))
        except TimeoutError:
            self._note_failure("the target did not end within its own bounds")
        except Exception as fault:  # noqa: BLE001 - one target's fault must not end its line
            # A mistake of ours; its message may hold anything.
            self._note_failure(f"the target has a fault: {type(fault).__name__}")
        else:
            return True
        return False

    def _note_failure(self, error: str) -> None:
        self.failures += 1
        log.error("flag_not_published", extra={"fields": {**self.fields(), "error": error}})
