"""Composing of `drill resume`."""

import asyncio

from drills.commands.closing import over
from drills.commands.sending import send_unsent
from drills.commands.watching import seat
from drills.journal import reading
from drills.runner.places import closed_in
from drills.runner.resuming import Again
from drills.runner.resuming import resume as go_on
from drills.runner.signals import held
from glasswatch.clock import SystemClock
from glasswatch.ending import complain
from glasswatch.errors import ExitCode


def resume(run: str, again: Again, *, as_json: bool) -> ExitCode:
    """Go on with a run, say what it came to, and write its reports. One that is closed is only cleaned up."""
    clock = SystemClock()
    asyncio.run(send_unsent(again.settings, clock, again.directory))
    closed = closed_in(reading.read(again.directory).entries)
    if closed is not None and not (closed.residue and again.clean_up_only):
        complain(f"{run} is closed: {closed.verdict.replace('_', ' ')}: {closed.detail}")
        for left in closed.residue:
            complain(f"LEFT BEHIND {left}")
        if closed.residue:
            complain("--clean-up-only tries again to take it back")
        return ExitCode.RESIDUE if closed.residue else ExitCode.USAGE
    at = seat(clock, again.operator, as_json=as_json, is_attended=True)
    held(at.stop)
    done = asyncio.run(go_on(run, again, at))
    return over(again.directory, run, done, as_json=as_json)
