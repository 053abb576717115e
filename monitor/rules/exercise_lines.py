"""What people are told of exercises: in pages, and in the audit chain.

1. A page says plainly that it is an exercise and no outage, whose drill it is, until when, and who alone may break the
   glass: three of them in its first line, all of them below. It carries the run's name, so that a drill finds it.
2. So does the page that an outage would send: it says as well that this is how one would come.
3. Who was told of an exercise is told that it is over, and why; a real outage that ended one says that it is real.
4. An entry of the audit holds names, times and our own words.
"""

from collections.abc import Iterable

from monitor.model.exercise import Exercise, ExerciseBegan, ExerciseFact, ExerciseFound, ExerciseOver
from monitor.model.fact import Fact
from monitor.model.state import Cause, PlatformState
from monitor.model.verdict import CauseKind, Verdict
from monitor.rules import reasons

Body = dict[str, object]

_KINDS = {
    ExerciseBegan: "exercise_began",
    ExerciseFound: "exercise_detected",
    ExerciseOver: "exercise_ended",
}


def on(state: PlatformState) -> str:
    """Say that an exercise is under way, and for whom."""
    causes = [cause for cause in state.causes if cause.kind is CauseKind.EXERCISE and not cause.is_held_back]
    held = reasons.several([_one(cause) for cause in causes], "; ")
    return f"{_no_outage(state)}; {held}"


def outage_on(state: PlatformState, cause: Cause) -> str:
    """Say that this is how an outage would be paged, and that there is none."""
    return f"{_no_outage(state)}; this is how one would be paged; {_one(cause)}"


def outage_off(platform: str, cause: Cause, why: str) -> str:
    """Say that what was paged as an outage would be is over, and that there was none."""
    return f"{platform}: the exercise of run {cause.run} is over, it was no outage: {why}"


def with_ended(line: str, state: PlatformState, facts: Iterable[Fact]) -> str:
    """Return a line about something real, which names the exercise that it ended, if it ended one."""
    ended = _ended(facts)
    if not ended or state.verdict is not Verdict.DOWN:
        return line
    return f"{line}; this is REAL, and ended the exercise of run {_runs(ended)}"


def off(line: str, facts: Iterable[Fact]) -> str:
    """Return the line that the flag is sealed, which says what became of the exercise, if that ended."""
    ended = _ended(facts)
    if not ended:
        return line
    return f"{line}; the exercise of run {_runs(ended)} is over: {reasons.several([each.why for each in ended], '; ')}"


def only_for(exercise: Exercise) -> str:
    """Say who alone may break the glass."""
    names = ", ".join(exercise.wish.principals)
    return f"only {names} may, until {reasons.clock(exercise.until)}, for drill {exercise.wish.run}"


def actor(fact: ExerciseFact) -> str:
    """Return who did it; empty: the monitor, of itself."""
    if isinstance(fact, ExerciseBegan):
        return fact.exercise.by
    return fact.exercise.ended_by or "" if isinstance(fact, ExerciseOver) else ""


def line(fact: ExerciseFact) -> tuple[str, Body]:
    """Return the kind of an entry, and what it holds."""
    held, wish = fact.exercise, fact.exercise.wish
    body: Body = {"id": held.id, "run": wish.run}
    match fact:
        case ExerciseBegan():
            body |= {
                "token": held.token,
                "until": held.until.isoformat(),
                "principals": list(wish.principals),
                "targets": list(wish.targets),
                "sees": wish.sees,
                "ticket": wish.ticket,
                "reason": wish.reason,
            }
        case ExerciseFound():
            body["seconds"] = held.took.total_seconds() if held.took is not None else None
        case ExerciseOver():
            body |= {"why": held.why, "token": fact.token or None, "detected": held.detected_at is not None}
    return _KINDS[type(fact)], body


def _no_outage(state: PlatformState) -> str:
    return f"{state.platform}: EXERCISE, not an outage, the platform is {state.verdict}"


def _one(cause: Cause) -> str:
    names = reasons.several(cause.principals)
    until = f" until {reasons.clock(cause.until)}" if cause.until else ""
    by = f" of {cause.by}" if cause.by else ""
    return f"only {names} may break the glass{until}, for drill {cause.run}{by}"


def _ended(facts: Iterable[Fact]) -> list[Exercise]:
    return [fact.exercise for fact in facts if isinstance(fact, ExerciseOver)]


def _runs(ended: list[Exercise]) -> str:
    return reasons.several([each.wish.run for each in ended])
