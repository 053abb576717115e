"""`python -m benchmarks`: measures and prints; a few minutes, on loopback only."""

import asyncio
import platform
import sys
import tempfile
from pathlib import Path

import click

from benchmarks import accounting, crowd, detection, drills, flag, footprint, probing, reload, scale, target
from benchmarks.ours import LISTEN

PARTS = ("flag", "footprint", "reload", "accounting", "drills", "probing", "scale", "crowd", "detection")


@click.command()
@click.option("--trials", default=8, show_default=True, help="Outages to measure.")
@click.option("--seconds", default=60.0, show_default=True, help="How long to watch the idle daemon.")
@click.option("--skip", multiple=True, type=click.Choice(PARTS), help="Leave one out.")
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
    if "reload" not in skip:
        print(f"start (within 2 s) and reload (within 1 s), {reload.PROBES} probes:", flush=True)
        async for what, took in reload.measure(folder / "reload"):
            print(f"  {what}: {took}", flush=True)
    await _measure_commands(folder, skip)
    if not {"probing", "scale", "crowd"} <= set(skip):
        await _measure_probes(folder, trials, skip)
    if "detection" not in skip:
        print("outage to page:", flush=True)
        print(detection.report(await detection.measure(folder / "detection", trials)), flush=True)


async def _measure_commands(folder: Path, skip: tuple[str, ...]) -> None:
    if "accounting" not in skip:
        print("monitor sla for a quarter:", flush=True)
        async for what, took in accounting.measure(folder / "accounting"):
            print(f"  {what}: {took}", flush=True)
    if "drills" not in skip:
        print("drills, beside chaostoolkit:", flush=True)
        async for what, figures in drills.measure(folder / "drills"):
            print(f"  {what}: {figures}", flush=True)


async def _measure_probes(folder: Path, trials: int, skip: tuple[str, ...]) -> None:
    if not target.is_there():
        print(f"probing, scale, crowd: left out, {target.PACKAGE} is not installed", flush=True)
        return
    async with target.running(folder / "nginx") as aim:
        if "probing" not in skip:
            print("probes a CPU second (ours over theirs: TLS at least 1.1, in clear 2):", flush=True)
            async for kind, rates in probing.measure(folder / "probing", aim):
                print(f"  {kind}: {rates}", flush=True)
        if "scale" not in skip:
            print(f"the daemon whole, every {scale.INTERVAL} over TLS:", flush=True)
            for probes in scale.SIZES:
                print(f"  {await scale.measure(folder / f'scale-{probes}', aim, probes)}", flush=True)
        if "crowd" not in skip:
            print(f"outage to page beside {crowd.PROBES} probes and a channel that hangs:", flush=True)
            print(crowd.report(await crowd.measure(folder / "crowd", aim, trials)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
