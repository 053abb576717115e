"""An `http` probe made from settings, as the monitor would make it."""

from typing import Any

from monitor.model.outcome import Attempt, Outcome
from monitor.ports import Probe
from monitor.probes.context import ProbeContext
from monitor.probes.http import make
from monitor.settings.http import HttpProbeSettings


def http_probe(context: ProbeContext, url: str, **settings: Any) -> Probe:
    """Return the probe; settings as they stand in the file."""
    return make(HttpProbeSettings.model_validate({"function": "sign_in", "url": url, **settings}), context)


async def patiently(context: ProbeContext, url: str, **settings: Any) -> Outcome:
    """Make one attempt that is to run into its deadline.

    One whose deadline was noticed late proves nothing, as the probe itself says: it is made again.
    """
    probe = http_probe(context, url, **settings)
    outcome = await probe.attempt(Attempt.SCHEDULED)
    while outcome.detail.startswith("this machine was busy"):
        outcome = await probe.attempt(Attempt.SCHEDULED)
    return outcome


async def attempt(context: ProbeContext, url: str, **settings: Any) -> Outcome:
    """Make one attempt of such a probe."""
    return await http_probe(context, url, **settings).attempt(Attempt.SCHEDULED)
