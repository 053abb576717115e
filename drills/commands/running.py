"""Composing of `drill run`: one run, watched from here, and its reports."""

import asyncio

from drills.commands.closing import over
from drills.commands.sending import send_unsent
from drills.commands.watching import seat
from drills.garbage import looked_for
from drills.runner.session import Wanted, begin
from drills.runner.signals import held
from glasswatch.clock import SystemClock
from glasswatch.errors import ExitCode


def run(wanted: Wanted, *, as_json: bool, is_attended: bool) -> ExitCode:
    """Run a scenario, say what it came to, and write its reports."""
    clock = SystemClock()
    looked_for()
    asyncio.run(send_unsent(wanted.settings, clock))
    at = seat(clock, wanted.operator, as_json=as_json, is_attended=is_attended)
    held(at.stop)
    run_id, done = asyncio.run(begin(wanted, at))
    return over(wanted.settings.drill.directory / run_id, run_id, done, as_json=as_json)
