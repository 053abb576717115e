"""Composing of `drill run`: one run, watched from here."""

import asyncio
from collections.abc import Mapping

from drills.commands.sending import send_unsent
from drills.commands.watching import seat, tell
from drills.runner.session import Wanted, begin
from drills.runner.signals import held
from drills.scenarios import Scenario
from drills.settings.root import DrillFile
from glasswatch.clock import SystemClock
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
