"""`python -m benchmarks`: measures and prints; a few minutes, on loopback only."""

import asyncio
import platform
import sys
import tempfile
from pathlib import Path

import click

from benchmarks import detection, flag, footprint
from benchmarks.ours import LISTEN


@click.command()
@click.option("--trials", default=8, show_default=True, help="Outages to measure.")
@click.option("--seconds", default=60.0, show_default=True, help="How long to watch the idle daemon.")
@click.option("--skip", multiple=True, type=click.Choice(["detection", "footprint", "flag"]), help="Leave one out.")
def main(trials: int, seconds: float, skip: tuple[str, ...]) -> None:
    """Measure outage to page beside the peers, and what the daemon and its flags cost."""
    print(f"Python {platform.python_version()} on {platform.machine()}, port {LISTEN}", flush=True)
    with tempfile.TemporaryDirectory(prefix="glasswatch-bench-") as name:
        asyncio.run(_measure(Path(name), trials, seconds, skip))


async def _measure(folder: Path, trials: int, seconds: float, skip: tuple[str, ...]) -> None:
    print(f"monitor --help: {await footprint.help_seconds():.2f} s (at most 0.30)", flush=True)
    if "flag" not in skip:
        print(f"flag (signing under 1 % of a core for {flag.PLATFORMS} platforms):", flush=True)
        for what, spent in (await flag.measure(folder / "flag")).items():
            print(f"  {what}: {spent}", flush=True)
    if "footprint" not in skip:
        cost = await footprint.measure(folder / "footprint", seconds)
        print(
            f"daemon, {footprint.PROBES} probes every {footprint.INTERVAL}: {cost.resident_mib:.0f} MiB "
            f"(under 120), {cost.core_ratio:.2%} of a core (under 1 %)",
            flush=True,
        )
    if "detection" not in skip:
        print("outage to page:", flush=True)
        print(detection.report(await detection.measure(folder / "detection", trials)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
