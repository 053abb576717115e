"""Results that a witness could not be told before: sent by the next command that has to do with runs."""

from pathlib import Path

from drills.runner import unsent
from drills.settings.root import DrillFile
from glasswatch.clock import Clock
from glasswatch.ending import complain
from glasswatch.visible import line


async def send_unsent(settings: DrillFile, clock: Clock, copy: Path | None = None) -> None:
    """Send what waits, also in a copy of a run elsewhere, and say what came of it.

    Who is told is loaded only where anything waits.
    """
    drill = settings.drill
    paths = unsent.waiting(drill.directory, copy)
    if not paths:
        return
    from drills.runner.veil import Veil  # noqa: PLC0415 - most commands have nothing to send
    from drills.runner.witnesses import elsewhere  # noqa: PLC0415 - as above

    veil = Veil(lambda _value: None, clock)
    witnesses = elsewhere(drill, veil.read, clock).witnesses
    for told in await unsent.send(paths, witnesses, drill.ready_within.total_seconds()):
        complain(line(told))
