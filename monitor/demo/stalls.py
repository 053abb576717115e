"""The drill on a machine that stands still meanwhile: it counts as what it says, and is run again once all is well.

1. Nobody can tell how a platform is whose probes did not run for some seconds. The monitor says so, and ends every
   exercise: the drill fails, and that is right. A busy or suspended laptop does this, and it is no fault of the drill.
2. That this machine stood still is measured, by our own clock: a pause that took longer than it was to. Without it a
   drill that did not pass is not run again.
3. What happened, and for how long, is said; the evidence of every run stays.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from glasswatch.clock import Clock
from glasswatch.errors import ExitCode, NotMeasured
from monitor.demo.ports import Views

STALL_SECONDS: Final = 3.0
_EVERY_SECONDS: Final = 0.25
_WELL_WITHIN: Final = 60.0
_MOST_RUNS: Final = 3

Sleep = Callable[[float], Awaitable[None]]
Run = Callable[[], Awaitable[ExitCode]]


@dataclass(slots=True)
class Stalls:
    """Notices how long this process stood still. `longest`: in seconds, at most."""

    clock: Clock
    sleep: Sleep
    longest: float = 0.0

    async def watch(self) -> None:
        """Watch until cancelled."""
        while True:
            before = self.clock.monotonic()
            await self.sleep(_EVERY_SECONDS)
            self.longest = max(self.longest, self.clock.monotonic() - before - _EVERY_SECONDS)

    async def during(self, run: Run) -> ExitCode:
        """Run something, and watch meanwhile."""
        self.longest = 0.0
        watching = asyncio.create_task(self.watch(), name="stalls")
        try:
            return await run()
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching


async def through(run: Run, views: Views, stalls: Stalls, say: Callable[[str], None]) -> ExitCode:
    """Run a drill, again where this machine stood still and it did not pass; return how the last one ended."""
    for _ in range(_MOST_RUNS - 1):
        code = await stalls.during(run)
        if code is ExitCode.GOOD or stalls.longest < STALL_SECONDS:
            return code
        say(f"\nThis machine stood still for {stalls.longest:.1f} s meanwhile: nobody could tell how the platform was.")
        say("What that drill says stands, and its evidence stays. It is run again once the monitor is well.\n")
        if not await _well(views, stalls):
            say("The monitor is not well again in time.")
            return code
    return await stalls.during(run)


async def _well(views: Views, stalls: Stalls) -> bool:
    """Wait until the platform is up and the flag sealed; return whether it came to that."""
    until = stalls.clock.monotonic() + _WELL_WITHIN
    while stalls.clock.monotonic() < until:
        with suppress(NotMeasured):
            if (await views.status.verdict()).verdict == "up" and (await views.flag.word()).state == "standby":
                return True
        await stalls.sleep(_EVERY_SECONDS)
    return False
