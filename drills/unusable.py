"""A run whose journal can't be gone on with: it is missing, empty, or was changed. What is left to a person is named.

1. Nothing is done by what such a journal says: the run is taken back by hand, and closed by hand.
2. What may be left is named by as much of the journal as holds; and, for what began since, by its plan. Where not even
   its first line holds, by the scenario that the monitor knows it by, as it was run; where the monitor does not say, by
   the scenario of which its name may have been made, as it stands now. Naming acts on nothing.
3. That nothing was begun is said only where the monitor knows of no such run, and nothing lies beside the journal that
   tells otherwise: a run does nothing before it was opened there.
"""

from dataclasses import dataclass
from pathlib import Path

from drills.by_hand import client, steps_of
from drills.errors import RunUnknown
from drills.journal.reading import JOURNAL
from drills.journal.soundness import Soundness
from drills.planning import planned_steps
from drills.rules.lost import left_by
from drills.rules.results import opened_in
from drills.runner.making import may_be_of
from drills.scenarios import find
from drills.settings.root import DrillFile
from glasswatch.errors import GlasswatchError, NotMeasured, UsageFault
from monitor.wire.drills import RunAnswer


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a journal can't be gone on with, what may be left behind of the run, and what to do about it at last."""

    why: str
    left: tuple[str, ...]
    then: str


async def look(directory: Path, run: str, found: Soundness, settings: DrillFile) -> Unusable:
    """Return what a person is to do about a run whose journal can't be gone on with.

    Raises:
        RunUnknown: nothing of it was begun.
        UsageFault: it is another run's; or somebody closed it at the monitor, with nothing left behind.
        NotMeasured: nothing here speaks of the run, and the monitor does not say.
    """
    if found.entries and found.entries[0].run != run:
        raise UsageFault(f"the journal there is of {found.entries[0].run}, not of {run}")
    there = await _at_monitor(run, settings)
    if found.is_empty and there is None:
        raise RunUnknown(f"{run}: nothing of it was begun: {found.why}, and the monitor knows of no such run")
    if found.is_empty and isinstance(there, GlasswatchError) and settings.drill.monitor is not None:
        raise NotMeasured(f"{run}: {found.why}, and whether anything was begun can't be told: {there}")
    known = there if isinstance(there, RunAnswer) else None
    if known is not None and known.standing == "closed" and not known.residue:
        raise UsageFault(f"{run} is closed at the monitor, with nothing left behind; here, {found.why}")
    why, left = _left(run, found, known, settings)
    return Unusable(why, left, _then(directory, run, settings))


async def _at_monitor(run: str, settings: DrillFile) -> RunAnswer | GlasswatchError | None:
    """Return the run as the monitor has it; None where it knows of none, or why it does not say."""
    try:
        return await client(settings).run(run)
    except GlasswatchError as fault:
        return fault


def _left(run: str, found: Soundness, there: RunAnswer | None, settings: DrillFile) -> tuple[str, tuple[str, ...]]:
    """Return what is wrong, and what may be left behind of the run."""
    opened = opened_in(found.entries)
    if there is not None and there.standing == "closed":
        return f"{found.why}; it is closed at the monitor", there.residue
    if opened is not None:
        return found.why, left_by(opened.scenario, opened.steps, found.entries)
    if there is not None:
        return found.why, left_by(there.scenario, steps_of(there.scenario, there.scenario_sha256, settings))
    for scenario in find(settings.drill).usable:
        if may_be_of(run, scenario.settings.id):
            why = f"{found.why}; by {scenario.settings.id} as it stands now, which may not be what was run"
            return why, left_by(scenario.settings.id, planned_steps(scenario.settings))
    return found.why, left_by(run, None)


def _then(directory: Path, run: str, settings: DrillFile) -> str:
    if settings.drill.monitor is None:
        return f"then keep {directory} elsewhere, as evidence: no monitor is set where it could be closed"
    anyway = " --anyway" if (settings.drill.directory / run / JOURNAL).exists() else ""
    return f"then close it: drill close {run}{anyway} --reason TEXT --nothing-left"
