"""Composing of `drill run`: one run, watched from here, and its reports; and its gates alone, without a run."""

import asyncio
from collections.abc import Sequence

from drills.commands.closing import over
from drills.commands.sending import send_unsent
from drills.commands.watching import seat
from drills.garbage import looked_for
from drills.model.calendar import PastRun
from drills.model.event import Gated
from drills.rules import gates
from drills.runner import gating
from drills.runner.session import Wanted, begin
from drills.runner.signals import held
from drills.runner.veil import Veil
from drills.runner.witnesses import elsewhere
from glasswatch.clock import SystemClock
from glasswatch.ending import complain
from glasswatch.errors import ExitCode
from glasswatch.visible import line


def run(wanted: Wanted, *, as_json: bool, is_attended: bool) -> ExitCode:
    """Run a scenario, say what it came to, and write its reports."""
    clock = SystemClock()
    looked_for()
    asyncio.run(send_unsent(wanted.settings, clock))
    at = seat(clock, wanted.operator, as_json=as_json, is_attended=is_attended)
    held(at.stop)
    run_id, done = asyncio.run(begin(wanted, at))
    return over(wanted.settings.drill.directory / run_id, run_id, done, as_json=as_json)


def kept_from_beginning(wanted: Wanted, last: PastRun) -> ExitCode | None:
    """Say what keeps a run from beginning, given the last one; return what it would end with, None where nothing does.

    Gates can be asked without a run. Whether it can be opened elsewhere can't: where the last one could not be, another
    would leave one more directory.
    """
    if last.is_unopened:
        complain(line(f"{wanted.scenario.settings.id} is due, and held back until a day after {last.run}: {last.why}"))
        return ExitCode.NOT_MEASURED
    shut = gates.shut(asyncio.run(_gates(wanted)))
    if not shut:
        return None
    why = "; ".join(f"gate {gate.gate}: {gate.detail}" for gate in shut)
    complain(line(f"{wanted.scenario.settings.id} is due, and can't begin: {why}"))
    return gates.code_of(shut)


async def _gates(wanted: Wanted) -> Sequence[Gated]:
    clock, settings = SystemClock(), wanted.settings.drill
    await send_unsent(wanted.settings, clock)  # a result that waits is a run that is open elsewhere
    there = elsewhere(settings, Veil(lambda _value: None, clock).read, clock)
    approval = wanted.approval(clock)
    is_witnessed = bool(there.witnesses)
    asking = gating.Asking("", wanted.scenario, wanted.settings, approval, there.monitor, is_witnessed, clock)
    return await gating.ask(asking)
