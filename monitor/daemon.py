"""The daemon: builds everything from the settings, runs it in one TaskGroup, and ends it in order and in time.

Start: what can fail without touching anything comes first (procedures, key, port), then the store, then the states
it held, then everything runs. Stop: probing ends at once; what was found is settled; flags and pages under way get a
few seconds; the store is closed last. All of it shares one deadline, whatever hangs.
"""

import asyncio
import gc
import logging
import signal
from collections.abc import Coroutine, Mapping
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from glasswatch import __version__
from glasswatch.clock import Clock, SystemClock
from glasswatch.errors import ExitCode
from monitor.assembly import assemble
from monitor.deadline import Deadline
from monitor.errors import StoreError
from monitor.parts import Assembly
from monitor.reload.crew import Crew
from monitor.reload.reloader import Reloader
from monitor.reload.swap import Crews
from monitor.rules.schedule import Grid, next_beat
from monitor.servicemanager import ServiceManager
from monitor.settings.root import MonitorSettings
from monitor.watchdog import Watchdog

log = logging.getLogger("glasswatch.daemon")

ALIVE_SECONDS = 5.0
LOOK_SECONDS = 0.1
_GARBAGE = 10_000  # objects that may wait to be looked at between two beats; Python's own default is 700
_BEATS = 600  # between two looks for garbage among all that came since the start
HALF_SECOND = timedelta(seconds=0.5)
STOP_WITHIN = timedelta(seconds=5)
SETTLE_WITHIN = timedelta(seconds=2)


class Daemon:
    """Runs the monitor once."""

    def __init__(
        self,
        settings: MonitorSettings,
        clock: Clock | None = None,
        config: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._config = config
        self._manager = ServiceManager(environment or {}, self._clock)
        self._reload = asyncio.Event()
        self._stopping = asyncio.Event()
        self._ended_by: signal.Signals | None = None
        self._deadline: Deadline | None = None

    async def run(self) -> ExitCode:
        """Run until SIGTERM (then `GOOD`) or SIGINT (then `INTERRUPTED`).

        Raises:
            GlasswatchError: it could not start.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)  # before anything takes time: it would end us
        parts = await assemble(self._settings, self._clock, self._config)
        _spare_what_stays()
        try:
            await parts.register.start()
            await parts.drills.start()
            await parts.outbox.start()
            await self._run(parts)
        finally:
            await parts.close(self._ends())
            self._manager.close()
        return ExitCode.INTERRUPTED if self._ended_by is signal.SIGINT else ExitCode.GOOD

    def stop(self, number: signal.Signals | None = None) -> None:
        """Begin to end. Repeated calls do nothing."""
        self._ended_by = self._ended_by or number
        self._stopping.set()

    def _ends(self) -> Deadline:
        """Return by when everything has ended; it counts from when this is asked first."""
        if self._deadline is None:
            self._deadline = Deadline(self._clock, STOP_WITHIN)
        return self._deadline

    async def _run(self, parts: Assembly) -> None:
        async with asyncio.TaskGroup() as services:
            running = [services.create_task(_lasting(service)) for service in parts.services()]
            helping = Crew(services)
            for helper in parts.helpers():
                helping.start(helper)
            try:
                fields = {"url": f"{parts.server.url}/", "version": __version__}
                log.info("monitor_started", extra={"fields": fields})
                self._manager.ready()
                await self._watch(parts, helping)
                log.info("monitor_stopping")
            finally:
                # Also when a fault of ours ends it: what was decided before is written and told.
                self._manager.stopping()
                parts.builder.requests.close()
                parts.builder.exercises.stop()
                within = self._ends().left(SETTLE_WITHIN)
                for keeper in parts.board.keepers.values():
                    keeper.checkpoint()
                await asyncio.gather(*(settler.finish(within) for settler in parts.settlers))
                for task in running:
                    task.cancel()
                helping.dismiss_all()

    async def _watch(self, parts: Assembly, helping: Crew) -> None:
        """Probe, judge and settle until told to stop."""
        async with asyncio.TaskGroup() as watching:
            crew = Crew(watching)
            for settler in parts.settlers:
                crew.start(settler)
            for loop in parts.loops:
                crew.start(loop)
            jobs = (parts.sight.watch(), self._tick(parts), self._live(parts), self._reloads(parts, crew, helping))
            running = [watching.create_task(job) for job in jobs]
            await self._stopping.wait()
            self._ends()
            for task in running:  # first: a reload must not start what is just being ended
                task.cancel()
            crew.dismiss_all()

    async def _reloads(self, parts: Assembly, watching: Crew, helping: Crew) -> None:
        """Reload the settings whenever somebody wants it."""
        if self._config is None:
            parts.builder.requests.close("this monitor has no settings' file to read")
            return
        reloader = Reloader(parts, Crews(watching, helping), self._config, self._manager)
        async with asyncio.TaskGroup() as group:
            group.create_task(reloader.run())
            while True:
                await self._reload.wait()
                self._reload.clear()
                parts.builder.requests.signal()

    async def _live(self, parts: Assembly) -> None:
        """Show signs of life, as long as everything decided before is on record: a restart counts the gap from here."""
        while True:
            if parts.gate.is_open and all(settler.is_settled for settler in parts.settlers):
                try:
                    await parts.store.alive(self._clock.now())
                except StoreError as fault:
                    parts.gate.failed(fault)
                await self._beat(parts.grid, ALIVE_SECONDS)
            else:
                await asyncio.sleep(LOOK_SECONDS)

    async def _tick(self, parts: Assembly) -> None:
        """Have what depends on time alone judged again, every second."""
        watchdog = Watchdog(parts, self._manager)
        for beat in count(1):
            for keeper in parts.board.keepers.values():
                keeper.tick()
            parts.copies.look()
            parts.versions.look()
            parts.clockwatch.look()
            watchdog.look()
            _look_for_garbage(beat)
            await self._beat(parts.grid, 1.0)

    async def _beat(self, grid: Grid, seconds: float) -> None:
        """Wait about so long, until the probes' burst is over: one wake-up for all is cheaper than one for each."""
        now = self._clock.now()
        # Half a second less: a beat that came late, or a timer that was early, must not make one too many.
        due = next_beat(grid, now + timedelta(seconds=seconds) - HALF_SECOND)
        await asyncio.sleep((due - now).total_seconds())


async def _lasting(service: Coroutine[Any, Any, None]) -> None:
    """Run what must last until it is cancelled: one that ends by itself would be missed by nobody."""
    await service
    raise RuntimeError(f"{getattr(service, '__qualname__', service)} ended by itself")


def _spare_what_stays() -> None:
    """Have the garbage collector leave alone what was built: it stays to the end, and there is much of it.

    And have it look less often at what comes and goes: nearly all of that is gone without it.
    """
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE, 20, 20)


def _look_for_garbage(beat: int) -> None:
    """Look at what came since the last beat, and seldom at all that came since the start.

    Left to itself the collector waits until more came than went. Where ten thousand probes' new states replace old ones
    that is after half a minute, and going through all of them then holds the loop for 80 ms.
    """
    gc.collect(2 if beat % _BEATS == 0 else 0)
