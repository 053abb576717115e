"""Composing of `drill resume`."""

import asyncio

from drills.commands.closing import over
from drills.commands.once_gone import once_gone
from drills.commands.sending import send_unsent
from drills.commands.watching import seat
from drills.errors import RunBusy
from drills.garbage import looked_for
from drills.journal.soundness import Soundness, soundness
from drills.runner.late import keep_untold
from drills.runner.places import closed_in, is_worked_on
from drills.runner.resuming import Again
from drills.runner.resuming import resume as go_on
from drills.runner.signals import held
from drills.witness import CommandWitness
from glasswatch.clock import SystemClock
from glasswatch.ending import complain
from glasswatch.errors import ExitCode
from glasswatch.visible import line


def resume(run: str, again: Again, *, as_json: bool) -> ExitCode:
    """Go on with a run, say what it came to, and write its reports. One that is closed is only cleaned up."""
    clock = SystemClock()
    looked_for()
    found = soundness(again.directory)
    closed = closed_in(found.entries)
    if closed is not None and not found.why:
        _keep_untold(again, found)
    asyncio.run(send_unsent(again.settings, clock, again.directory))
    if closed is not None and not (closed.residue and again.clean_up_only):
        complain(f"{run} is closed: {closed.verdict.replace('_', ' ')}: {closed.detail}")
        for left in closed.residue:
            complain(f"LEFT BEHIND {left}")
        if closed.residue:
            complain("--clean-up-only tries again to take it back")
            complain(line(once_gone(run, again.settings)))
        return ExitCode.RESIDUE if closed.residue else ExitCode.USAGE
    if found.why:
        return _by_hand(run, again, found)
    at = seat(clock, again.operator, as_json=as_json, is_attended=True)
    held(at.stop)
    done = asyncio.run(go_on(run, again, at))
    code = over(again.directory, run, done, as_json=as_json)
    if done.residue:
        complain(line(once_gone(run, again.settings)))
    return code


def _keep_untold(again: Again, found: Soundness) -> None:
    """Have the end of a closed run wait for those who were not told: its process was killed before."""
    if is_worked_on(again.directory):
        return  # its own process is at that
    drill = again.settings.drill
    places = {"monitor": drill.monitor, CommandWitness.name: drill.witness}
    try:
        asyncio.run(keep_untold(again.directory, found.entries, [name for name, place in places.items() if place]))
    except OSError as fault:
        complain(line(f"{again.directory}: how it ended can't be kept to be sent: {fault.strerror or fault}"))


def _by_hand(run: str, again: Again, found: Soundness) -> ExitCode:
    """Say what is left to a person where the journal can't be gone on with.

    Raises:
        RunBusy: a process works on it.
        RunUnknown, UsageFault, NotMeasured: see `unusable.look`.
    """
    if is_worked_on(again.directory):
        raise RunBusy(f"another process works on {run}: wait for it, or tell it to `drill stop`")
    from drills.unusable import look  # noqa: PLC0415 - its client is loaded only where somebody has to be asked

    told = asyncio.run(look(again.directory, run, found, again.settings))
    complain(line(f"{run} can't be gone on with: {told.why}"))
    for left in told.left:
        complain(line(f"TAKE BACK BY HAND {left}"))
    complain(line(told.then))
    return ExitCode.RESIDUE if told.left else ExitCode.FINDING
