"""Puts exercises into the shapes of the wire. No decision is made here."""

from collections.abc import Iterable

from monitor.model.exercise import Exercise, Listed
from monitor.model.state import PlatformState
from monitor.wire.exercises import ExerciseAnswer, ExerciseState


def listed(states: Iterable[PlatformState]) -> list[Listed]:
    """Return every exercise that is remembered, newest first."""
    found = [Listed(state.platform, each) for state in states for each in state.exercises]
    return sorted(found, key=lambda each: each.exercise.began_at, reverse=True)


def exercise(found: Listed) -> ExerciseAnswer:
    """Return one exercise, as it stands."""
    held, wish = found.exercise, found.exercise.wish
    return ExerciseAnswer(
        id=held.id,
        run=wish.run,
        platform=found.platform,
        state=_state(held),
        by=held.by,
        principals=wish.principals,
        targets=wish.targets,
        began=held.began_at,
        until=held.until,
        detected=held.detected_at,
        detection_seconds=held.took.total_seconds() if held.took is not None else None,
        ended=held.ended_at,
        why=held.why,
    )


def _state(held: Exercise) -> ExerciseState:
    if not held.is_running:
        return "ended"
    return "running" if held.detected_at is None else "detected"
