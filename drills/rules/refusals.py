"""Whether each access by break-glass stands between two refusals: before it was had, and after.

A door that is always open passes every step that goes through it. So each access that was had wants a refusal at the
same door that had ended before it began, and one of the same access that began after it had ended:

1. An access is a step of way `break_glass` that is no refusal, and is evidence. One of an older version that shows
   access and names no way has to stand between refusals as well; that somebody got in, it does not show.
2. A refusal is evidence too, of the same action, does not lead through the platform, and is of the same door, as far as
   both say which.
3. That a stranger is refused after it says nothing of who got in: what was had is seen refused by a step that asks the
   same as the same one (`identity`), or that shows what was got by it (`through`), such as a session. Journals of
   earlier versions don't tell the one from the other: there the door alone counts.
4. An access that gets in by what an access before it captured goes through that one as well: as a password that is
   sealed. A refusal of either counts.
5. That an access was taken back in full (`still_open`), one that is refused so must itself have been there to show.
"""

from collections.abc import Collection, Iterator, Sequence
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
    refusals = _refusals(done)
    for had, doors in _had(done):
        pairs = [(door, other) for door in doors for other in refusals if _is_same_door(door.step, other.step)]
        if not any(other.result.ended_entry < door.result.began_entry for door, other in pairs):
            yield had.step, BEFORE
        if not _is_refused_after(had, doors, refusals):
            yield had.step, AFTER


def still_open(
    steps: Sequence[PlannedStep], results: Sequence[StepResult], shown: Collection[str]
) -> Iterator[PlannedStep]:
    """Yield each access of which no refusal shows that it was taken back. `shown`: the steps that show so."""
    done = _evident(steps, results)
    refusals = _refusals(done)
    for had, doors in _had(done):
        showing = [other for other in refusals if other.step.id in shown or not had.step.identity]
        if not _is_refused_after(had, doors, showing):
            yield had.step


def _had(done: Sequence[_Done]) -> Iterator[tuple[_Done, list[_Done]]]:
    """Yield each access, and all that it went through: first itself."""
    by_id = {each.step.id: each for each in done}
    for each in done:
        if _is_access(each.step):
            yield each, [each, *(by_id[name] for name in each.step.through if name in by_id)]


def _refusals(done: Sequence[_Done]) -> list[_Done]:
    return [each for each in done if kind_of(each.step).is_refusal and each.step.way is not Way.PLATFORM]


def _is_refused_after(had: _Done, doors: Sequence[_Done], refusals: Sequence[_Done]) -> bool:
    later = [each for each in refusals if each.result.began_entry > had.result.ended_entry]
    return any(_is_same(door.step, other.step) for door in doors for other in later)


def _evident(steps: Sequence[PlannedStep], results: Sequence[StepResult]) -> list[_Done]:
    shown = {result.id: result for result in results if result.is_evidence}
    return [_Done(step, shown[step.id]) for step in steps if step.id in shown]


def _is_access(step: PlannedStep) -> bool:
    kind = kind_of(step)
    return kind.way is Way.BREAK_GLASS and not kind.is_refusal


def _is_same_door(access: PlannedStep, refusal: PlannedStep) -> bool:
    doors = {each.door for each in (access, refusal) if each.door}
    return access.action == refusal.action and len(doors) <= 1


def _is_same(access: PlannedStep, refusal: PlannedStep) -> bool:
    """Whether somebody was refused what they had: by what they got in with, or by what they got there."""
    is_known = access.identity and refusal.identity
    is_theirs = not is_known or access.identity == refusal.identity or access.id in refusal.through
    return is_theirs and _is_same_door(access, refusal)
