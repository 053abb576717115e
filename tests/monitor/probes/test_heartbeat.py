"""The `heartbeat` probe: a look at what was heard."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from monitor.model.beat import Beat, Listening
from monitor.model.outcome import Attempt, OutcomeKind, Reason
from monitor.ports import Probe
from monitor.probes.context import ProbeContext
from monitor.probes.heartbeat import make
from monitor.settings.heartbeat import HeartbeatProbeSettings


def beating(context: ProbeContext, **settings: Any) -> Probe:
    """Return the probe; settings as they stand in the file."""
    read = HeartbeatProbeSettings.model_validate({"function": "request", "every": "5m", **settings})
    return make(read, context)


async def test_it_looks_at_what_is_heard_now(context: ProbeContext) -> None:
    """Each look is one of its own, and takes no time."""
    clock = context.network.clock
    held = Listening(None, clock.now(), clock.monotonic())
    probe = beating(replace(context, listening=lambda: held))
    unheard = await probe.attempt(Attempt.SCHEDULED)
    held = replace(held, last=Beat(clock.now(), is_well=True, reading=clock.monotonic()))
    well = await probe.attempt(Attempt.CONFIRMATION)
    held = replace(held, last=Beat(clock.now(), is_well=False, reading=clock.monotonic()))
    failed = await probe.attempt(Attempt.SCHEDULED)
    held = replace(held, last=None, reading=clock.monotonic() - 331)
    silent = await probe.attempt(Attempt.SCHEDULED)
    assert [(each.kind, each.reason) for each in (unheard, well, failed, silent)] == [
        (OutcomeKind.NOT_MEASURED, Reason.NOT_LISTENED),
        (OutcomeKind.GOOD, Reason.OK),
        (OutcomeKind.BAD, Reason.ANSWER),
        (OutcomeKind.BAD, Reason.SILENT),
    ]
    assert (well.attempt, well.duration_seconds, dict(well.phases)) == (Attempt.CONFIRMATION, 0.0, {})


async def test_where_nobody_listens_nothing_is_measured(context: ProbeContext) -> None:
    """`monitor probe` says so in plain words."""
    found = await beating(context).attempt(Attempt.SCHEDULED)
    assert (found.kind, found.reason) == (OutcomeKind.NOT_MEASURED, Reason.NOT_LISTENED)
    assert found.detail == "only a running monitor hears heartbeats: ask monitor status"


def test_what_changes_its_rhythm_makes_it_another_probe(context: ProbeContext) -> None:
    """It is believed anew; how often it is looked at changes nothing."""
    assert context.listening is None
    read = HeartbeatProbeSettings.model_validate
    first = read({"function": "request", "every": "5m"})
    assert first.fingerprint() == read({"function": "request", "every": "5m", "interval": "1m"}).fingerprint()
    assert first.fingerprint() != read({"function": "request", "every": "6m"}).fingerprint()
    assert first.grace == timedelta(seconds=30)
