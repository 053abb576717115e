"""Puts exercises into the shapes of the wire. No decision is made here."""

from monitor.model.exercise import Exercise, Listed
from monitor.wire.exercises import ExerciseAnswer, ExerciseState


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
        detection_seconds=held.detection_seconds,
        ended=held.ended_at,
        why=held.why,
    )


def _state(held: Exercise) -> ExerciseState:
    if not held.is_running:
        return "ended"
    return "running" if held.detected_at is None else "detected"
