"""Who else is told of a run: the monitor, and a command; each where the settings name it."""

from collections.abc import Callable
from dataclasses import dataclass

from drills.model.found import Value
from drills.monitor import Means, MonitorClient
from drills.ports import Witness
from drills.settings.root import DrillSettings
from drills.witness import CommandWitness
from glasswatch.clock import Clock
from glasswatch.secrets import SecretReference


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The monitor, None where none is set; and everybody who holds heads."""

    monitor: MonitorClient | None
    witnesses: tuple[Witness, ...]


def elsewhere(
    settings: DrillSettings, secret: Callable[[SecretReference], Value], clock: Clock, run: str = "-"
) -> Elsewhere:
    """Return who is told, by the settings."""
    seconds = settings.ready_within.total_seconds()
    monitor = MonitorClient(settings.monitor, Means(clock, secret, seconds), run) if settings.monitor else None
    command = (CommandWitness(settings.witness.command, seconds),) if settings.witness else ()
    return Elsewhere(monitor, (*((monitor,) if monitor else ()), *command))
