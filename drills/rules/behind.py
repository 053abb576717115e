"""Whether a run may be gone on with from a journal: whether another process works on it, and whether it is the newest.

A copy may have been made before the run's end, and the run gone on: then steps that it knows nothing of may have been
begun, and may be begun still. What somebody elsewhere was told of shows it.

1. A run that was heard of elsewhere within three beats may be alive, and is left alone: whoever goes on with it, also
   to clean up, would act beside it. It is not alive if this is the directory that its process had, whose lock was
   obtained (`is_original`), and nothing was told elsewhere that is not in this journal.
2. A journal is behind if a head that is held elsewhere is not in it. From one that is behind nothing is done but to
   clean up.
3. Where nobody can say whether it is behind, a copy is only cleaned up from, unless the operator says that it is the
   newest one; and the run says so.
4. Of a journal that is, or may be, behind every planned step that can be taken back may have been begun, whether it
   says so or not. An undo may be called for what never happened.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from drills.model.event import Began, Closed, Entry, Event, Head, Receipted, UndoEnded
from drills.model.step import PlannedStep, Status
from drills.rules.undo import by_hand

QUIET_SECONDS: Final = 60.0
"""For how long a run must not have been heard of: three beats (`runner.telling`)."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is held elsewhere of a run, by `by`: every head that was told of, and when it was heard of last.

    `quiet_seconds`: for how long nothing was heard of it, by a clock there, since that began to listen at most; None
    where nothing is to be heard of it: there is no such run (`is_known`), or it is over and nobody went on with it.
    `is_closed`: somebody said how it ended.
    """

    heads: Sequence[Head] = ()
    quiet_seconds: float | None = None
    heard_at: datetime | None = None
    is_known: bool = True
    is_closed: bool = False
    by: str = "monitor"


@dataclass(frozen=True, slots=True)
class Claim:
    """What speaks for this journal: it is the very directory that its last process had; the operator says so."""

    is_original: bool = False
    is_newest: bool = False


@dataclass(frozen=True, slots=True)
class Alive:
    """Another process may be at work: it was heard of so many seconds ago at the most."""

    quiet_seconds: float
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Behind:
    """More was told elsewhere than stands here: this entry at least."""

    head: Head


@dataclass(frozen=True, slots=True)
class ClosedElsewhere:
    """It was closed, and no entry here says so: a person did that, by hand. No step of it may be begun any more."""


@dataclass(frozen=True, slots=True)
class NotKnown:
    """Nobody can say whether this journal is the newest."""

    why: str


@dataclass(frozen=True, slots=True)
class GoOn:
    """It may be gone on with. `is_behind`: steps may have been begun that it knows nothing of.

    `unsure`: why it was not measured whether it is the newest.
    """

    is_behind: bool = False
    unsure: str = ""


Ruling = Alive | Behind | ClosedElsewhere | NotKnown | GoOn


def ruling(entries: Sequence[Entry], held: Held | str, claim: Claim, *, clean_up_only: bool) -> Ruling:
    """Return whether a run may be gone on with. `held` as a text: why nobody can say what is held."""
    if isinstance(held, Held) and not held.is_known and _was_taken(entries, held.by):
        held = f"the {held.by} knows nothing of this run any more"
    if isinstance(held, str):
        return _unmeasured(held, claim, clean_up_only=clean_up_only)
    lost = missing(entries, held.heads)
    is_ours = claim.is_original and lost is None
    if held.quiet_seconds is not None and held.quiet_seconds < QUIET_SECONDS and not is_ours:
        return Alive(held.quiet_seconds, held.heard_at)
    if lost is not None and not clean_up_only:
        return Behind(lost)
    if held.is_closed and not clean_up_only and not any(isinstance(entry.event, Closed) for entry in entries):
        return ClosedElsewhere()
    return GoOn(is_behind=lost is not None)


def missing(entries: Sequence[Entry], told: Iterable[Head]) -> Head | None:
    """Return the last head that is held elsewhere and is not in the journal; None where all are."""
    there = {entry.head for entry in entries}
    return max((head for head in told if head not in there), key=lambda head: head.seq, default=None)


def unheard_of(
    steps: Sequence[PlannedStep], events: Sequence[Event], why: str = "the journal is behind, or may be"
) -> tuple[UndoEnded, ...]:
    """Return, for steps that may have been begun without this journal's knowledge, that they are to be taken back."""
    begun = {event.step for event in events if isinstance(event, Began)}
    detail = f"whether it was begun is not known here: {why}"
    return tuple(
        UndoEnded(step.id, Status.NOT_MEASURED, detail, residue=by_hand(step.id, step, detail), tries=0)
        for step in steps
        if step.undo and step.id not in begun
    )


def _unmeasured(why: str, claim: Claim, *, clean_up_only: bool) -> Ruling:
    if claim.is_original or claim.is_newest:
        return GoOn(unsure=why)
    return GoOn(is_behind=True, unsure=why) if clean_up_only else NotKnown(why)


def _was_taken(entries: Sequence[Entry], by: str) -> bool:
    return any(isinstance(entry.event, Receipted) and entry.event.by == by for entry in entries)
