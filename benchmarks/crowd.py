"""From outage to page while a thousand other probes run and another channel takes every page and never answers."""

import asyncio
import statistics
from pathlib import Path

from benchmarks import ours
from benchmarks.detection import INTERVAL_SECONDS, LONGEST_SECONDS, until_point
from benchmarks.stage import Stage
from benchmarks.target import Target
from glasswatch.clock import SystemClock

PROBES = 1000
_CLOCK = SystemClock()


async def measure(folder: Path, aim: Target, trials: int) -> list[float]:
    """Run the trials as `benchmarks.detection` does; return the seconds of each."""
    stage = Stage()
    await stage.open()
    stuck = await asyncio.start_server(_hang, "127.0.0.1", 0)
    try:
        async with ours.running(folder, _settings(stage, aim, stuck.sockets[0].getsockname()[1])):
            await asyncio.sleep(3 * INTERVAL_SECONDS)
            return [await _trial(stage, (trial + 0.5) / trials) for trial in range(trials)]
    finally:
        stuck.close()
        await stage.close()


async def _trial(stage: Stage, share: float) -> float:
    await until_point(share)
    since = _CLOCK.monotonic()
    stage.is_good = False
    arrived = await stage.wait("ours", lambda page: _is_outage(page, "firing"), since, LONGEST_SECONDS)
    stage.is_good = True
    mended = _CLOCK.monotonic()
    await stage.wait("ours", lambda page: _is_outage(page, "resolved"), mended, LONGEST_SECONDS)
    print(f"  {arrived - since:.2f} s", flush=True)
    return arrived - since


def _is_outage(page: dict[str, object], status: str) -> bool:
    return page.get("kind") == "outage" and page.get("status") == status


def _settings(stage: Stage, aim: Target, stuck: int) -> dict[str, object]:
    interval = f"{INTERVAL_SECONDS:g}s"
    others = {f"p{number}": _probe(aim, number, interval) for number in range(PROBES)}
    content = ours.settings(stage, {"target": ours.probe(stage, "sign_in", interval), **others})
    channel = {"type": "webhook", "url": f"http://127.0.0.1:{stuck}/"}
    content["paging"] = {"channels": {"stuck": channel, "bench": ours.channel(stage)}}
    return content


def _probe(aim: Target, number: int, interval: str) -> dict[str, object]:
    return {"type": "http", "function": f"function-{number % 5}", "url": aim.clear, "interval": interval}


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.read(65536):
            pass
    except OSError:
        pass
    finally:
        writer.close()


def report(found: list[float]) -> str:
    """Return the figures as a line of text."""
    return f"  median {statistics.median(found):.2f} s, from {min(found):.2f} to {max(found):.2f} s (at most 5.2 s)"
