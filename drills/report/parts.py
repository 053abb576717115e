"""Makes the parts of a drill as a report shows them: each with what is evidence of it, and where that stands.

A step is cited with the entries of the journal that say what came of it: what took it back is no evidence. A receipt is
cited with its own entry. That access was taken back is shown in part only where of one that was had no refusal shows
it, whatever else does (`drills.rules.refusals`).
"""

from collections.abc import Mapping, Sequence

from drills.model.event import Began, Confirmed, Ended, Entry, Receipted
from drills.model.step import PlannedStep
from drills.model.verdict import Result
from drills.report.values import PartView
from drills.rules.controls import FULL, NONE, PARTIAL, Cited
from drills.rules.parts import PARTS, SEALED, TAKEN_BACK
from drills.rules.refusals import still_open
from drills.rules.sealed import is_sealed, receipts
from glasswatch import visible


def parts_of(entries: Sequence[Entry], planned: Sequence[PlannedStep], result: Result) -> tuple[PartView, ...]:
    """Return every part of a drill, in order."""
    cited = _cited(entries)
    return tuple(
        _sealed(entries, line) if name == SEALED else _part(name, line, planned, result, cited)
        for name, line in PARTS.items()
    )


def _part(name: str, line: str, planned: Sequence[PlannedStep], result: Result, cited: Mapping[str, Cited]) -> PartView:
    wanted = [step.id for step in planned if name in step.evidences]
    shown = result.evidence.get(name, ())
    there = tuple(cited.get(step, Cited(step)) for step in wanted if step in shown)
    lacking = tuple(step for step in wanted if step not in shown)
    if name == TAKEN_BACK and there:
        lacking = (*lacking, *(f"a refusal after {step.id}" for step in still_open(planned, result.steps, shown)))
    return PartView(name, line, NONE if not there else PARTIAL if lacking else FULL, there, lacking)


def _sealed(entries: Sequence[Entry], line: str) -> PartView:
    there = tuple(
        Cited(f"receipt of {visible.line(entry.event.by)}", (entry.head.seq,), entry.head.hash)
        for entry in receipts(entries)
        if isinstance(entry.event, Receipted)
    )
    standing = NONE if not there else FULL if is_sealed(entries) else PARTIAL
    return PartView(SEALED, line, standing, there, ())


def _cited(entries: Sequence[Entry]) -> Mapping[str, Cited]:
    found: dict[str, Cited] = {}
    for entry in entries:
        if isinstance(entry.event, Began | Confirmed | Ended):
            step = entry.event.step
            before = found[step].entries if step in found else ()
            found[step] = Cited(step, (*before, entry.head.seq), entry.head.hash)
    return found
