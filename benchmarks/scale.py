"""The daemon whole at three sizes: processor, memory, how late attempts begin, how long a scrape and the loop take.

Every probe runs once a minute against nginx on a new TLS connection, a hundred to a platform. Lateness is read off the
daemon's own histogram, so a percentile is the upper bound of the bucket that it falls into. How long the loop is held
is seen from outside: `/-/healthy` is asked every 10 ms, on one connection, while `/metrics` is scraped beside it.
"""

import asyncio
import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import ours
from benchmarks.processes import cpu_seconds, fetched, resident_mib
from benchmarks.stage import Stage
from benchmarks.target import Target
from glasswatch.clock import SystemClock

SIZES = (100, 1000, 10000)
INTERVAL = "60s"
SCRAPES = 10
_CLOCK = SystemClock()
_LAG = re.compile(rb'^jit_monitor_probe_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
_RUNS = re.compile(rb"^jit_probe_runs_total\{[^}]*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Size:
    """What one size costs.

    `core_ratio`: of one core; `late_p99`: seconds, at most; `held_*`: seconds until `/-/healthy` answered.
    """

    probes: int
    runs: int
    core_ratio: float
    resident_mib: float
    late_p99: float
    scrape_seconds: float
    scrape_mib: float
    held_p99: float
    held_longest: float

    def __str__(self) -> str:
        return (
            f"{self.probes} probes: {self.core_ratio:.2%} of a core, {self.resident_mib:.0f} MiB, "
            f"{self.runs} attempts, 99 % begin within {self.late_p99:g} s; /metrics {self.scrape_seconds * 1e3:.0f} ms "
            f"({self.scrape_mib:.1f} MiB); /-/healthy meanwhile 99 % within {self.held_p99 * 1e3:.0f} ms, "
            f"longest {self.held_longest * 1e3:.0f} ms"
        )


async def measure(folder: Path, target: Target, probes: int) -> Size:
    """Run the daemon with so many probes; measure it for its second minute."""
    stage = Stage()
    await stage.open()
    content = ours.settings(stage, {f"p{number}": _probe(target, number) for number in range(probes)})
    try:
        async with ours.running(folder, content) as pid:
            await asyncio.sleep(60)
            before, spent, since = await _scraped(), cpu_seconds(pid), _CLOCK.monotonic()
            await asyncio.sleep(60)
            core_ratio = (cpu_seconds(pid) - spent) / (_CLOCK.monotonic() - since)
            after = await _scraped()
            held, scrapes = await _held_while_scraping()
            return Size(
                probes=probes,
                runs=_runs(after) - _runs(before),
                core_ratio=core_ratio,
                resident_mib=resident_mib(pid),
                late_p99=_late(_buckets(before), _buckets(after), 0.99),
                scrape_seconds=statistics.median(scrapes),
                scrape_mib=len(after) / 2**20,
                held_p99=sorted(held)[int(len(held) * 0.99)],
                held_longest=max(held),
            )
    finally:
        await stage.close()


def _probe(target: Target, number: int) -> dict[str, object]:
    return {
        "type": "http",
        "function": f"function-{number % 5}",
        "url": target.secure,
        "interval": INTERVAL,
        "expect": {"json": {"status": "ok"}},
        "tls": {"ca_file": str(target.ca_file)},
    }


async def _scraped() -> bytes:
    return await fetched(f"http://127.0.0.1:{ours.LISTEN}/metrics")


def _runs(text: bytes) -> int:
    return int(sum(map(float, _RUNS.findall(text))))


def _buckets(text: bytes) -> Mapping[float, float]:
    return {float(bound): float(count) for bound, count in _LAG.findall(text)}


def _late(before: Mapping[float, float], after: Mapping[float, float], share: float) -> float:
    """Return the upper bound of the bucket that so large a share of the attempts between two scrapes falls into."""
    counts = {bound: count - before.get(bound, 0.0) for bound, count in after.items()}
    return min(bound for bound, count in counts.items() if count >= share * counts[float("inf")])


async def _held_while_scraping() -> tuple[list[float], list[float]]:
    """Return the seconds of each answer of `/-/healthy`, and of each scrape."""
    done = asyncio.Event()
    asking = asyncio.create_task(healthy(done))
    scrapes = []
    for _ in range(SCRAPES):
        since = _CLOCK.monotonic()
        await _first_byte_to_last()
        scrapes.append(_CLOCK.monotonic() - since)
        await asyncio.sleep(0.5)
    done.set()
    return await asking, scrapes


async def _first_byte_to_last() -> None:
    """Scrape without a client of ours that would spend its own time on what it reads."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ours.LISTEN, limit=2**20)
    try:
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        while await reader.read(2**20):
            pass
    finally:
        writer.close()


async def healthy(done: asyncio.Event) -> list[float]:
    """Return the seconds of each answer of `/-/healthy`, asked every 10 ms until done."""
    reader, writer = await asyncio.open_connection("127.0.0.1", ours.LISTEN)
    held = []
    try:
        while not done.is_set():
            since = _CLOCK.monotonic()
            writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            await reader.readexactly(int(length.group(1)) if length else 0)
            held.append(_CLOCK.monotonic() - since)
            await asyncio.sleep(0.01)
    finally:
        writer.close()
    return held
