"""How long a start takes until the first attempt, and a reload until its settings are in force, with 1,000 probes.

Both are read off the daemon's own log. While it reloads, `/-/healthy` is asked every 10 ms on one connection: the
longest answer is how long the loop was held. Processor time is beside the wall's, because a machine that does other
things as well tells little by its wall.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import ours
from benchmarks.processes import cpu_seconds, ready, started
from benchmarks.scale import healthy
from benchmarks.stage import Stage
from glasswatch.clock import SystemClock

PROBES = 1000
INTERVAL = "15s"
WITHIN_SECONDS = 300.0
_CLOCK = SystemClock()

Change = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Spent:
    """What something took: on the wall, of a processor, and for how long nobody else got an answer at most."""

    wall_seconds: float
    cpu_seconds: float
    held_seconds: float = 0.0

    def __str__(self) -> str:
        held = f", /-/healthy meanwhile within {self.held_seconds * 1e3:.0f} ms" if self.held_seconds else ""
        return f"{self.wall_seconds:.2f} s, {self.cpu_seconds:.2f} s of a processor{held}"


async def measure(folder: Path) -> AsyncIterator[tuple[str, Spent]]:
    """Start the daemon, and have it reload what is the same, one probe, and all of them."""
    stage = Stage()
    await stage.open()
    probes = {f"p{number}": ours.probe(stage, f"function-{number % 5}", INTERVAL) for number in range(PROBES)}
    content = ours.settings(stage, probes)
    path = await ours.prepared(folder, content)
    log = folder / "monitor.log"
    since = _CLOCK.monotonic()
    argv = [sys.executable, "-m", "monitor", "run", "--config", str(path), "--log-attempts", "all"]
    async with started(argv, log) as process:
        await _says(log, " attempt ", 0)
        yield "start to first attempt", Spent(_CLOCK.monotonic() - since, cpu_seconds(process.pid))
        await ready(f"http://127.0.0.1:{ours.LISTEN}/-/ready", WITHIN_SECONDS)
        for what, change in _CHANGES.items():
            change(content)
            path.write_text(json.dumps(content))
            yield f"reload, {what}", await _reload(process.pid, log)
    await stage.close()


async def _reload(pid: int, log: Path) -> Spent:
    done = asyncio.Event()
    asking = asyncio.create_task(healthy(done))
    begun, spent, since = log.stat().st_size, cpu_seconds(pid), _CLOCK.monotonic()
    os.kill(pid, signal.SIGHUP)
    await _says(log, " settings_", begun)
    wall, cpu = _CLOCK.monotonic() - since, cpu_seconds(pid) - spent
    done.set()
    return Spent(wall, cpu, max(await asking))


async def _says(log: Path, what: str, begun: int) -> None:
    """Wait until the log holds this behind `begun`."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while what.encode() not in log.read_bytes()[begun:]:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.005)


def _nothing(_content: dict[str, Any]) -> None:
    """Change nothing."""


def _one(content: dict[str, Any]) -> None:
    next(iter(_probes(content)))["expect"] = {"status": [200, 201]}


def _all(content: dict[str, Any]) -> None:
    for probe in _probes(content):
        probe["expect"] = {"status": [200, 202]}


def _probes(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [probe for platform in content["platforms"].values() for probe in platform["probes"].values()]


_CHANGES: Mapping[str, Change] = {"unchanged": _nothing, "one probe changed": _one, "all probes changed": _all}
