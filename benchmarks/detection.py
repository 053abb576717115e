"""From outage to page: one target switched from 200 to 503, ours and the peers watching it in the same run."""

import asyncio
import statistics
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import ours, peers
from benchmarks.stage import Fits, Stage
from glasswatch.clock import SystemClock

INTERVAL_SECONDS = 5.0
LONGEST_SECONDS = 120.0
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Detection:
    """Seconds from outage to page, one figure a trial; the peers' are empty where they are not installed."""

    ours: tuple[float, ...]
    peers: tuple[float, ...]


def _our_page(status: str) -> Fits:
    return lambda body: body.get("kind") == "outage" and body.get("status") == status


def _peer_page(status: str) -> Fits:
    return lambda body: body.get("status") == status


async def measure(folder: Path, trials: int) -> Detection:
    """Run the trials; each switches at another point of the five-second interval."""
    stage = Stage()
    await stage.open()
    with_peers = not peers.missing()
    found_ours, found_peers = [], []
    async with AsyncExitStack() as stack:
        probes = {"target": ours.probe(stage, "sign_in", "5s")}
        await stack.enter_async_context(ours.running(folder / "ours", ours.settings(stage, probes)))
        if with_peers:
            (folder / "peers").mkdir()
            await stack.enter_async_context(peers.running(folder / "peers", stage))
        # Both must have seen it good before it may break.
        await asyncio.sleep(3 * INTERVAL_SECONDS)
        for trial in range(trials):
            await until_point((trial + 0.5) / trials)
            since = _CLOCK.monotonic()
            stage.is_good = False
            waits = [stage.wait("ours", _our_page("firing"), since, LONGEST_SECONDS)]
            if with_peers:
                waits.append(stage.wait("peer", _peer_page("firing"), since, LONGEST_SECONDS))
            arrived = [at - since for at in await asyncio.gather(*waits)]
            found_ours.append(arrived[0])
            found_peers.extend(arrived[1:])
            print(f"  trial {trial + 1} of {trials}: " + ", ".join(f"{each:.2f} s" for each in arrived), flush=True)
            await _recover(stage, with_peers=with_peers)
        await stage.close()
    return Detection(tuple(found_ours), tuple(found_peers))


async def until_point(share: float) -> None:
    """Wait for the next instant at this share of the interval, so that the trials are spread evenly over it."""
    into = _CLOCK.now().timestamp() % INTERVAL_SECONDS
    await asyncio.sleep((share * INTERVAL_SECONDS - into) % INTERVAL_SECONDS)


async def _recover(stage: Stage, *, with_peers: bool) -> None:
    since = _CLOCK.monotonic()
    stage.is_good = True
    waits = [stage.wait("ours", _our_page("resolved"), since, LONGEST_SECONDS)]
    if with_peers:
        waits.append(stage.wait("peer", _peer_page("resolved"), since, LONGEST_SECONDS))
    await asyncio.gather(*waits)


def report(detection: Detection) -> str:
    """Return the figures as lines of text."""
    lines = []
    for name, figures in (("glasswatch", detection.ours), ("blackbox + Prometheus + Alertmanager", detection.peers)):
        if figures:
            low, mid, high = min(figures), statistics.median(figures), max(figures)
            lines.append(f"  {name}: median {mid:.2f} s, from {low:.2f} to {high:.2f} s, {len(figures)} trials")
    if detection.peers:
        ratio = statistics.median(detection.ours) / statistics.median(detection.peers)
        lines.append(f"  ours takes {ratio:.2f} times the peers' time (to beat: 0.40)")
    else:
        lines.append(f"  peers not measured; install: {', '.join(peers.missing())}")
    return "\n".join(lines)
