"""What a run may have left behind of which nobody can say more: its journal is lost, or can't be gone on with.

1. What stands in the journal that is there, as far as it holds, counts: what began and was not taken back.
2. Where nothing vouches for the rest, every step that can be taken back may have been begun: each is named, by the
   scenario as it was run.
3. Where the scenario is not there as it was either, that is named.
"""

from collections.abc import Sequence

from drills.model.event import Entry
from drills.model.step import PlannedStep
from drills.rules.behind import unheard_of
from drills.rules.results import residue


def left_by(scenario: str, steps: Sequence[PlannedStep] | None, entries: Sequence[Entry] = ()) -> tuple[str, ...]:
    """Return what may be left behind, a line each. `steps` None: the scenario is not there as it was run."""
    left = residue(entries)
    if steps is None:
        return (*left, f"whatever {scenario} did: neither its journal nor the scenario as it was is there; by hand")
    unknown = unheard_of(steps, [entry.event for entry in entries], "its journal is lost, or can't be gone on with")
    return (*left, *(each.residue for each in reversed(unknown)))
