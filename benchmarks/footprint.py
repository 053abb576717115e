"""What the daemon costs while nothing happens, and how long a command takes to say what it can do."""

import asyncio
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks import ours
from benchmarks.processes import cpu_seconds, resident_mib
from benchmarks.stage import Stage
from glasswatch.clock import SystemClock

PROBES = 100
INTERVAL = "15s"
WARM_UP_SECONDS = 20.0
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Footprint:
    """Resident memory in MiB, and the share of one core."""

    resident_mib: float
    core_ratio: float


async def measure(folder: Path, seconds: float) -> Footprint:
    """Run the daemon with 100 probes every 15 s; measure it after it has warmed up."""
    stage = Stage()
    await stage.open()
    probes = {f"probe-{number}": ours.probe(stage, f"function-{number % 5}", INTERVAL) for number in range(PROBES)}
    async with ours.running(folder, ours.settings(stage, probes)) as pid:
        await asyncio.sleep(WARM_UP_SECONDS)
        spent, since = cpu_seconds(pid), _CLOCK.monotonic()
        await asyncio.sleep(seconds)
        core_ratio = (cpu_seconds(pid) - spent) / (_CLOCK.monotonic() - since)
        footprint = Footprint(resident_mib(pid), core_ratio)
    await stage.close()
    return footprint


async def help_seconds(times: int = 7) -> float:
    """Return the median wall time of `monitor --help`."""
    figures = []
    for _ in range(times):
        since = _CLOCK.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "monitor", "--help", stdout=asyncio.subprocess.DEVNULL
        )
        await process.wait()
        figures.append(_CLOCK.monotonic() - since)
    return statistics.median(figures)
