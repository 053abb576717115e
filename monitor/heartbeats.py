"""Hears heartbeats: keeps the last beat of each, in memory at once and in the store a moment later.

Nobody who beats waits for the store, and a store that can't be written keeps nobody from being heard: what is lost with
it is only that after a restart the time counts anew. Only the last beat of each is kept. `rules/heartbeat` says what it
is worth.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
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
from monitor.settings.heartbeat import HeartbeatProbeSettings
from monitor.settings.root import MonitorSettings
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
        self._begun: dict[str, tuple[datetime, float]] = {}  # since when those are listened for that came later
        context.gate.register(self.drain, lambda: not self._unwritten)

    async def take_up(self) -> None:
        """Read what earlier runs heard, and begin to listen.

        Raises:
            StoreError: it can't be read.
        """
        self._take_in(await self.on_record(self._expected))
        self.listen_anew()

    async def on_record(self, names: Iterable[str]) -> dict[str, Beat]:
        """Return what earlier runs heard of these heartbeats.

        Raises:
            StoreError: it can't be read.
        """
        found = {name: _read(await self._store.place(f"{_PLACE}{name}")) for name in names}
        return {name: beat for name, beat in found.items() if beat is not None}

    def adopt(self, expected: Mapping[str, Expected], heard: Mapping[str, Beat]) -> None:
        """Listen for these from now on. Of those that are new, or another platform's now, `heard` is on record.

        Whoever is listened for anew has its whole rhythm to beat: nobody heard it before.
        """
        now = self._clock.now(), self._clock.monotonic()
        fresh = {name for name, each in expected.items() if self._expected.get(name) != each}
        self._last = {name: beat for name, beat in self._last.items() if name in expected}
        self._begun = {name: begun for name, begun in self._begun.items() if name in expected}
        self._begun |= dict.fromkeys(fresh, now)
        self._expected = expected
        self._take_in({name: beat for name, beat in heard.items() if name in fresh and name not in self._last})

    def _take_in(self, heard: Mapping[str, Beat]) -> None:
        for name, beat in heard.items():
            self._last[name] = beat
            self._heard(self._expected[name].platform, name, beat.at)

    def is_new(self, name: str, expected: Expected) -> bool:
        """Return whether a heartbeat of the settings is not listened for in this way."""
        return self._expected.get(name) != expected

    def listen_anew(self) -> None:
        """Count the time anew: beats may have been missed until now."""
        self._since, self._reading = self._clock.now(), self._clock.monotonic()
        self._begun.clear()

    def platform(self, name: str) -> str | None:
        """See `Beats`."""
        return self._expected[name].platform if name in self._expected else None

    def listening(self, name: str) -> Listening:
        """Return what was heard of a heartbeat."""
        since, reading = self._begun.get(name, (self._since, self._reading))
        return Listening(self._last.get(name), since, reading)

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


def expected_beats(settings: MonitorSettings) -> dict[str, Expected]:
    """Return the heartbeats that the settings name."""
    return {
        name: Expected(platform, Rhythm(probe.every, probe.grace))
        for platform, watched in settings.platforms.items()
        for name, probe in watched.probes.items()
        if isinstance(probe, HeartbeatProbeSettings)
    }


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
