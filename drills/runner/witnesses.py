"""Who else is told of a run: the monitor, and a command; each where the settings name it."""

from collections.abc import Callable
from dataclasses import dataclass

from drills.model.found import Value
from drills.ports import Witness
from drills.runner.gating import Seeing
from drills.settings.root import DrillSettings
from drills.witness import CommandWitness
from glasswatch.clock import Clock
from glasswatch.secrets import SecretReference


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The monitor as gates ask it, None where none is set; and everybody who holds heads."""

    monitor: Seeing | None
    witnesses: tuple[Witness, ...]


def elsewhere(
    settings: DrillSettings, secret: Callable[[SecretReference], Value], clock: Clock, run: str = "-"
) -> Elsewhere:
    """Return who is told, by the settings."""
    seconds = settings.ready_within.total_seconds()
    command = (CommandWitness(settings.witness.command, seconds),) if settings.witness else ()
    if settings.monitor is None:
        return Elsewhere(None, command)
    # Its client costs a third of what a run may take before it acts.
    from drills.runner.at_monitor import Eyes, client  # noqa: PLC0415

    monitor = client(settings.monitor, secret, clock, seconds, run)
    return Elsewhere(Eyes(monitor), (monitor, *command))
