"""Composing of `drill run`: one run, watched from here."""

import asyncio
from collections.abc import Mapping

from drills.commands.watching import seat, tell
from drills.runner.session import Wanted, begin
from drills.runner.signals import held
from drills.runner.unsent import send
from drills.runner.veil import Veil
from drills.runner.witnesses import elsewhere
from drills.scenarios import Scenario
from drills.settings.root import DrillFile
from glasswatch.clock import Clock, SystemClock
from glasswatch.ending import complain
from glasswatch.errors import ExitCode


def run(  # noqa: PLR0913 - what a command line says of one run
    scenario: Scenario,
    settings: DrillFile,
    operator: str,
    given: Mapping[str, str],
    *,
    as_json: bool,
    is_attended: bool,
) -> ExitCode:
    """Run a scenario, and say what it came to."""
    clock = SystemClock()
    asyncio.run(send_unsent(settings, clock))
    at = seat(clock, operator, as_json=as_json, is_attended=is_attended)
    held(at.stop)
    run, done = asyncio.run(begin(Wanted(scenario, settings, operator, given), at))
    tell(run, done, as_json=as_json)
    return done.exit_code


async def send_unsent(settings: DrillFile, clock: Clock) -> None:
    """Send results that could not be told before."""
    drill = settings.drill
    veil = Veil(lambda _value: None, clock)
    witnesses = elsewhere(drill, veil.read, clock).witnesses
    for told in await send(drill.directory, witnesses, drill.ready_within.total_seconds()):
        complain(told)
