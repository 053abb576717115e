"""Meets many servers at once in a process of its own, so that what it costs can be told from what the servers cost.

Reads `[{name, settings}]` as JSON on standard input; writes `{peak_bytes, outcomes: {name: [kind, reason, detail,
seconds]}}`.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import uvloop

from glasswatch.clock import SystemClock
from monitor.model.outcome import Attempt, Outcome
from monitor.probes.build import new_network
from monitor.probes.context import ProbeContext
from monitor.probes.http import make
from monitor.probes.secrets import KeptSecrets
from monitor.settings.http import HttpProbeSettings


async def meet(wanted: list[dict[str, Any]]) -> dict[str, Outcome]:
    """Make one attempt of each, all at once."""
    network = new_network(SystemClock())
    context = ProbeContext(network, KeptSecrets(network.clock))
    probes = [make(HttpProbeSettings.model_validate(each["settings"]), context) for each in wanted]
    outcomes = await asyncio.gather(*(probe.attempt(Attempt.SCHEDULED) for probe in probes))
    await network.resolver.aclose()
    return {each["name"]: outcome for each, outcome in zip(wanted, outcomes, strict=True)}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        met = runner.run(meet(json.load(sys.stdin)))
    found = {name: [one.kind, one.reason, one.detail, one.duration_seconds] for name, one in met.items()}
    # Not getrusage's: that remembers what the process was before it became this program.
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024
    json.dump({"peak_bytes": peak, "outcomes": found}, sys.stdout)
