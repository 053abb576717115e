"""Probes of sockets made from settings, as the monitor would make them."""

from typing import Any

from glasswatch.settings.registry import load, model_of
from monitor.model.outcome import Attempt, Outcome
from monitor.ports import Probe
from monitor.probes.context import ProbeContext
from monitor.registries import PROBES


def probe(context: ProbeContext, kind: str, **settings: Any) -> Probe:
    """Return the probe of a type; settings as they stand in the file."""
    model = model_of(PROBES[kind].settings).model_validate({"type": kind, "function": "connect", **settings})
    made: Probe = load(PROBES[kind].make)(model, context)
    return made


async def attempt(context: ProbeContext, kind: str, port: int, **settings: Any) -> Outcome:
    """Make one attempt of such a probe at a port of this machine, with ten seconds for it unless it says otherwise.

    One whose deadline was noticed late proves nothing, as the probe itself says: it is made again.
    """
    settings = {"host": "127.0.0.1", "timeout": "10s", **settings, "port": port}
    made = probe(context, kind, **settings)
    outcome = await made.attempt(Attempt.SCHEDULED)
    while outcome.detail.startswith("this machine was busy"):
        outcome = await made.attempt(Attempt.SCHEDULED)
    return outcome


def told(outcome: Outcome) -> tuple[str, str, str]:
    """Return what an outcome says."""
    return str(outcome.kind), str(outcome.reason), outcome.detail
