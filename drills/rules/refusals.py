"""Whether each access by break-glass stands between two refusals: before it was had, and after.

A door that is always open passes every step that goes through it. So each access that was had wants a refusal of the
same kind that had ended before it began, and one that began after it had ended:

1. An access is a step of way `break_glass` that is no refusal, and is evidence. One of an older version that shows
   access and names no way has to stand between refusals as well; that somebody got in, it does not show.
2. A refusal is evidence too, of the same action, does not lead through the platform, and is of the same door, as far as
   both say which.
3. An access that gets in by what an access before it captured goes through that one as well: as a password that is
   sealed. A refusal of either counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from drills.model.step import PlannedStep, Way
from drills.model.verdict import StepResult
from drills.rules.parts import kind_of

BEFORE: Final = "before"
AFTER: Final = "after"


@dataclass(frozen=True, slots=True)
class _Done:
    """A step that is evidence: what it was, and between which entries."""

    step: PlannedStep
    result: StepResult


def accesses(steps: Sequence[PlannedStep], results: Sequence[StepResult]) -> tuple[PlannedStep, ...]:
    """Return the steps by which somebody got in by break-glass."""
    return tuple(each.step for each in _evident(steps, results) if each.step.way and _is_access(each.step))


def unproven(steps: Sequence[PlannedStep], results: Sequence[StepResult]) -> Iterator[tuple[PlannedStep, str]]:
    """Yield each access for which a refusal is lacking, with `BEFORE` or `AFTER`."""
    done = _evident(steps, results)
    by_id = {each.step.id: each for each in done}
    refusals = [each for each in done if kind_of(each.step).is_refusal and each.step.way is not Way.PLATFORM]
    for each in done:
        if not _is_access(each.step):
            continue
        doors = [each, *(by_id[name] for name in each.step.through if name in by_id)]
        pairs = [(door.result, other.result) for door in doors for other in refusals if _is_same(door.step, other.step)]
        if not any(other.ended_entry < had.began_entry for had, other in pairs):
            yield each.step, BEFORE
        if not any(other.began_entry > each.result.ended_entry for _, other in pairs):
            yield each.step, AFTER


def _evident(steps: Sequence[PlannedStep], results: Sequence[StepResult]) -> list[_Done]:
    shown = {result.id: result for result in results if result.is_evidence}
    return [_Done(step, shown[step.id]) for step in steps if step.id in shown]


def _is_access(step: PlannedStep) -> bool:
    kind = kind_of(step)
    return kind.way is Way.BREAK_GLASS and not kind.is_refusal


def _is_same(access: PlannedStep, refusal: PlannedStep) -> bool:
    doors = {each.door for each in (access, refusal) if each.door}
    return access.action == refusal.action and len(doors) <= 1
