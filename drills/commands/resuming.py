"""Composing of `drill resume`."""

import asyncio
from pathlib import Path

from drills.commands.sending import send_unsent
from drills.commands.watching import seat, tell
from drills.journal import reading
from drills.runner.places import closed_in
from drills.runner.resuming import Again, place_of
from drills.runner.resuming import resume as go_on
from drills.runner.signals import held
from drills.settings.root import DrillFile
from glasswatch.clock import Clock
from glasswatch.ending import complain
from glasswatch.errors import ExitCode


def resume(  # noqa: PLR0913 - what a command line says
    run: str,
    settings: DrillFile,
    operator: str,
    place: Path | None,
    clock: Clock,
    *,
    clean_up_only: bool,
    as_json: bool,
) -> ExitCode:
    """Go on with a run, and say what it came to. One that is closed is not touched."""
    asyncio.run(send_unsent(settings, clock, place))
    directory = place_of(run, settings, place)
    closed = closed_in(reading.read(directory).entries)
    if closed is not None:
        complain(f"{run} is closed: {closed.verdict.replace('_', ' ')}: {closed.detail}")
        for left in closed.residue:
            complain(f"LEFT BEHIND {left}")
        return ExitCode.RESIDUE if closed.residue else ExitCode.USAGE
    again = Again(directory, settings, operator, clean_up_only)
    at = seat(clock, operator, as_json=as_json, is_attended=True)
    held(at.stop)
    done = asyncio.run(go_on(run, again, at))
    tell(run, done, as_json=as_json)
    return done.exit_code
