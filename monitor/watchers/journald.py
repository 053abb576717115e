"""The `journald` watcher: has `journalctl` follow the journal, and finds accesses in its messages.

1. The program runs as a child in a process group of its own, and goes with us. One that ended is started again at the
   next reading, after a pause.
2. A place is the journal's own cursor. Where the journal no longer knows it (it was vacuumed), reading goes on from
   the time of the last entry.
3. What isn't there, or can't be started, isn't measured.
"""

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import NoneType
from typing import Final

from glasswatch.clock import Clock
from monitor.errors import CannotSee
from monitor.model.watch import LogEntry, LogPart
from monitor.settings.watchers import JournaldWatcherSettings
from monitor.watchers.context import WatcherContext
from monitor.watchers.entries import by_pattern, entry_id

WAIT_SECONDS: Final = 1.0
MOST_LINES: Final = 1000
LONGEST_LINE: Final = 1024 * 1024
END_SECONDS: Final = 2.0
_DIGITS: Final = 17  # of microseconds until the year 5138
_BYTE: Final = 256


def make(name: str, settings: JournaldWatcherSettings, context: WatcherContext) -> "JournalSource":
    """Return the source. Nothing is started yet."""
    return JournalSource(name, settings, context.clock)


@dataclass(frozen=True, slots=True)
class _Place:
    """The cursor of the last entry, and its time in Unix microseconds. No cursor: only the time counts."""

    cursor: str | None
    at: str


class JournalSource:
    """A `monitor.ports.LogSource` over the journal."""

    def __init__(self, name: str, settings: JournaldWatcherSettings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._parse = by_pattern(settings.pattern)
        self._child: asyncio.subprocess.Process | None = None
        self._has_read = False
        self._is_cursor_lost = False
        self._reading: asyncio.Task[bytes] | None = None

    async def read(self, place: str | None) -> LogPart:
        """Return what came since a place, or nothing after a second.

        Raises:
            CannotSee: the program isn't there, or ended.
        """
        latest = _parsed(place) or _Place(None, str(int(self._clock.now().timestamp() * 1_000_000)))
        child = self._child or await self._start(latest)
        entries: list[LogEntry] = []
        for count in range(MOST_LINES):
            line = await self._line(child, 0.0 if count else WAIT_SECONDS)
            if line is None:
                break
            if not line:
                await self._ended(latest)
                raise CannotSee("journalctl ended: is there a journal, and may we read it?")
            self._has_read = True
            latest, entry = self._taken(line, latest)
            entries += [entry] if entry is not None else []
        return LogPart(tuple(entries), _written(latest))

    async def aclose(self) -> None:
        """End the program. Repeated calls do nothing."""
        child, self._child = self._child, None
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
        if child is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(child.wait(), END_SECONDS)
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()

    async def _start(self, known: _Place) -> asyncio.subprocess.Process:
        is_sure = known.cursor is not None and not self._is_cursor_lost
        where = f"--after-cursor={known.cursor}" if is_sure else f"--since=@{int(known.at) // 1_000_000}"
        place = ["--directory", str(self._settings.directory)] if self._settings.directory else []
        argv = ["journalctl", "--follow", "--quiet", "--no-pager", "--output=json", "--lines=all", where, *place]
        try:
            self._child = await asyncio.create_subprocess_exec(
                *argv,
                *self._settings.matches,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                limit=LONGEST_LINE,
            )
        except OSError as fault:
            raise CannotSee(f"journalctl can't be started: {fault.strerror}") from None
        self._has_read = False
        return self._child

    async def _line(self, child: asyncio.subprocess.Process, within: float) -> bytes | None:
        """Return the next line, empty at the end; None: nothing yet. What is being read goes on being read."""
        if child.stdout is None:
            return b""
        if self._reading is None:
            self._reading = asyncio.create_task(child.stdout.readline())
        done, _ = await asyncio.wait({self._reading}, timeout=within)
        if not done:
            return None
        reading, self._reading = self._reading, None
        try:
            return reading.result()
        except ValueError:  # longer than we read: asyncio has thrown it away
            return b"{}\n"

    async def _ended(self, latest: _Place) -> None:
        """Forget the program. One that ended before it said anything may not have known the cursor."""
        self._is_cursor_lost = latest.cursor is not None and not self._has_read and not self._is_cursor_lost
        await self.aclose()

    def _taken(self, line: bytes, latest: _Place) -> tuple[_Place, LogEntry | None]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, Mapping):
            return latest, None
        cursor, at, message = (record.get(name) for name in ("__CURSOR", "__REALTIME_TIMESTAMP", "MESSAGE"))
        if not isinstance(cursor, str) or not isinstance(at, str) or not at.isdigit():
            return latest, None
        return _Place(cursor, at), self._entry(_text(message), cursor, at)

    def _entry(self, message: str, cursor: str, at: str) -> LogEntry | None:
        found = self._parse(message, "")
        if found is None:
            return None
        happened = datetime.fromtimestamp(int(at) / 1_000_000, UTC) if len(at) <= _DIGITS else None
        return replace(found, id=entry_id(self._name, cursor), at=found.at or happened)


def _text(message: object) -> str:
    """Return a message, which the journal writes as numbers where it isn't UTF-8."""
    if isinstance(message, list) and all(isinstance(each, int) and 0 <= each < _BYTE for each in message):
        return bytes(message).decode("utf-8", "replace")
    return message if isinstance(message, str) else ""


def _parsed(place: str | None) -> _Place | None:
    try:
        cursor, at = json.loads(place or "")
    except (ValueError, TypeError):
        return None
    if not isinstance(cursor, str | NoneType) or not isinstance(at, str) or not at.isdigit() or len(at) > _DIGITS:
        return None
    return _Place(cursor, at)


def _written(place: _Place) -> str:
    return json.dumps([place.cursor, place.at])
