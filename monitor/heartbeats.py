"""Hears heartbeats: keeps the last beat of each, in memory at once and in the store a moment later.

Nobody who beats waits for the store, and a store that can't be written keeps nobody from being heard: what is lost with
it is only that after a restart the time counts anew. Only the last beat of each is kept. `rules/heartbeat` says what it
is worth.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from glasswatch.clock import Clock
from monitor.errors import StoreError
from monitor.model.beat import Beat, Listening, Rhythm
from monitor.model.record import AuditEntry
from monitor.ports import Store
from monitor.rules.heartbeat import audited, pulse
from monitor.storegate import StoreGate

_PLACE: Final = "heartbeat:"  # beside the watchers' places, whose names hold no colon
_WELL: Final = "well"
_FAILED: Final = "failed"

log = logging.getLogger("glasswatch.heartbeats")


@dataclass(frozen=True, slots=True)
class Expected:
    """A heartbeat that the settings name: whose it is, and how often it beats."""

    platform: str
    rhythm: Rhythm


@dataclass(frozen=True, slots=True)
class HeartbeatContext:
    """What it works with. `note` has an entry of the audit written; `heard` is told of each beat, by its platform."""

    store: Store
    gate: StoreGate
    clock: Clock
    note: Callable[[AuditEntry, str | None], None]
    heard: Callable[[str, str, datetime], None]


class Heartbeats:
    """All heartbeats of the settings, by name. It is a `monitor.ports.Beats`."""

    def __init__(self, expected: Mapping[str, Expected], context: HeartbeatContext) -> None:
        self._expected = expected
        self._store = context.store
        self._gate = context.gate
        self._clock = context.clock
        self._note = context.note
        self._heard = context.heard
        self._last: dict[str, Beat] = {}
        self._unwritten: dict[str, Beat] = {}
        self._some = asyncio.Event()
        self._writing = asyncio.Lock()
        self._since = self._clock.now()
        self._reading = self._clock.monotonic()
        context.gate.register(self.drain, lambda: not self._unwritten)

    async def take_up(self) -> None:
        """Read what earlier runs heard, and begin to listen.

        Raises:
            StoreError: it can't be read.
        """
        for name, expected in self._expected.items():
            beat = _read(await self._store.place(f"{_PLACE}{name}"))
            if beat is not None:
                self._last[name] = beat
                self._heard(expected.platform, name, beat.at)
        self.listen_anew()

    def listen_anew(self) -> None:
        """Count the time anew: beats may have been missed until now."""
        self._since, self._reading = self._clock.now(), self._clock.monotonic()

    def platform(self, name: str) -> str | None:
        """See `Beats`."""
        return self._expected[name].platform if name in self._expected else None

    def listening(self, name: str) -> Listening:
        """Return what was heard of a heartbeat."""
        return Listening(self._last.get(name), self._since, self._reading)

    def source(self, name: str) -> Callable[[], Listening]:
        """Return what a heartbeat's probe looks at."""
        return partial(self.listening, name)

    def beat(self, name: str, by: str, *, is_well: bool) -> datetime:
        """See `Beats`."""
        expected, now, reading = self._expected[name], self._clock.now(), self._clock.monotonic()
        was = pulse(expected.rhythm, self.listening(name), now, reading)
        beat = Beat(now, is_well, reading)
        entry = audited(name, by, was, beat, is_first=name not in self._last)
        self._last[name] = self._unwritten[name] = beat
        self._heard(expected.platform, name, now)
        if entry is not None:
            self._note(entry, expected.platform)
        self._some.set()
        return now + expected.rhythm.longest

    async def run(self) -> None:
        """Write what was heard, as it comes. Only cancellation ends it."""
        while True:
            await self._some.wait()
            self._some.clear()
            if not self._gate.is_open:
                continue  # the gate asks for it when it opens
            try:
                await self.drain()
            except StoreError as fault:
                self._gate.failed(fault)

    async def drain(self) -> None:
        """Write what is not written.

        Raises:
            StoreError: it can't be; what is left is kept.
        """
        async with self._writing:
            while self._unwritten:
                name, beat = next(iter(self._unwritten.items()))
                await self._store.keep_place(f"{_PLACE}{name}", _written(beat))
                if self._unwritten[name] is beat:
                    del self._unwritten[name]

    async def finish(self, within: timedelta) -> None:
        """Write what `run`, which must have ended, left."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                await self.drain()
        except (TimeoutError, StoreError) as fault:
            log.warning("heartbeats_left_unwritten", extra={"fields": {"error": str(fault) or "timed out"}})


def _written(beat: Beat) -> str:
    return f"{beat.at.isoformat()} {_WELL if beat.is_well else _FAILED}"


def _read(text: str | None) -> Beat | None:
    """Return the beat that was written; None for what this version doesn't understand, which is as good as unheard."""
    at, _, word = (text or "").partition(" ")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return Beat(moment, word == _WELL) if moment.tzinfo is not None and word in (_WELL, _FAILED) else None
