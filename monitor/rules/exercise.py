"""When a platform may be exercised, what an exercise adds to the flag, and what ends it (design 3.4).

1. It begins only while the platform is seen to work: up, or degraded with nothing suspected. A probe that is being
   confirmed, doubt after a gap, an outage, unknown, blind, a flag that is raised or held closed: refused, with why.
   So is what could never be detected, because no critical function is decided by probes of our own.
2. One at a time on a platform, `MOST_AT_ONCE` in all, `MOST_A_DAY` begun on a platform within 24 hours; never longer
   than `LONGEST`. A day that is spent has an answer of its own: to ask again soon helps nobody. The same wish
   under the same id is the same exercise; another one is refused.
3. It votes for nothing but the cause `exercise`, which its detection adds, once; probes, functions, verdict, outage and
   every other cause are as without it. While a real cause holds the flag is ready, whatever is exercised.
4. It ends, and its cause with it, in the same step in which: its time is over; an outage is open or the platform is
   down; nobody can tell whether it works (unknown, blind); a person raises the flag, or lowers it; the monitor was
   away; the probes changed, or the platform went out of the settings; somebody ends it. A cause never outlives it.
5. It counts real time: when the clock is set back while we watch, it is set back with it.
6. The last `KEPT` are remembered, so that what is asked twice is answered alike, and a day's can be counted.

Its own probes are judged by the same rules as any (`shadow_of`, `shadow_policy`): alone, by this vantage's word.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from monitor.model.act import Answer, Ruling
from monitor.model.event import ExerciseDetected, Reconfigured
from monitor.model.exercise import (
    BeginExercise,
    EndExercise,
    Exercise,
    ExerciseBegan,
    ExerciseFound,
    ExerciseOver,
    Wish,
)
from monitor.model.fact import CauseAdded, CauseEnded, Fact
from monitor.model.policy import PlatformPolicy
from monitor.model.state import Cause, PlatformState, ProbeState
from monitor.model.verdict import CauseKind, FlagState, Phase, Role, Verdict
from monitor.rules import causes, reasons
from monitor.rules.act_turn import Done, Found, Turn, end_of, is_line, no
from monitor.rules.function import deciding_set, probes_of
from monitor.rules.probe import drop_round, round_is_on

LONGEST: Final = timedelta(hours=2)
LEAST: Final = timedelta(seconds=10)
MOST_AT_ONCE: Final = 3
MOST_A_DAY: Final = 12
KEPT: Final = 16
LONGEST_NAMES: Final = 4096  # bytes of principals and targets together: the signed document has 16 KiB
LONGEST_REASON: Final = 1000
LONGEST_TICKET: Final = 128

AWAY: Final = "the monitor was not watching for a while: it was stopped, restarted or asleep"

_DAY: Final = timedelta(hours=24)
_WORKS: Final = (Verdict.UP, Verdict.DEGRADED)


def running(state: PlatformState) -> Exercise | None:
    """Return the exercise that runs on the platform; None if none does."""
    return next((each for each in state.exercises if each.is_running), None)


def shown(state: PlatformState) -> Exercise | None:
    """Return the exercise that raises the flag, where nothing real does; None if there is none."""
    known = running(state)
    return known if state.flag.state is FlagState.EXERCISE and known is not None and known.detected_at else None


# acts


def begin(state: PlatformState, act: BeginExercise, turn: Turn) -> Found:
    """Begin an exercise, unless something speaks against it."""
    wish, now = act.wish, turn.now
    known = next((each for each in state.exercises if each.id == wish.id), None)
    if known is not None:
        return _known(known, wish)
    refusal = _unfit(wish) or act.obstacle or hindrance(state, turn.policy) or _busy(state, act.elsewhere)
    if refusal:
        return no(refusal)
    if spent := _spent(state, now):
        return no(spent, Answer.TOO_MANY)
    found = Exercise(wish, turn.hand.person, turn.hand.token, now, end_of(now, wish.span))
    after = replace(state, exercises=(found, *state.exercises)[:KEPT])
    line = f"the exercise runs until {reasons.clock(found.until)}"
    return Done(after, (ExerciseBegan(found),), Ruling(Answer.DONE, line, found.id))


def end(state: PlatformState, act: EndExercise, turn: Turn) -> Found:
    """End an exercise."""
    if act.reason and not is_line(act.reason, LONGEST_REASON):
        return no(f"a reason is one line of at most {LONGEST_REASON} printable characters")
    known = next((each for each in state.exercises if each.id == act.id), None)
    if known is None:
        return no("there is no exercise of this id", Answer.NO_SUCH)
    if not known.is_running:
        return Ruling(Answer.DONE, f"it is over already: {known.why}", known.id)
    by_itself = not turn.hand.token  # what the monitor itself has to end, it gives the reason for
    why = act.reason if by_itself else f"ended by {turn.hand.person}{f': {act.reason}' if act.reason else ''}"
    after, facts = _ended(state, known, why, turn.now, None if by_itself else turn)
    return Done(after, tuple(facts), Ruling(Answer.DONE, "the exercise is over", known.id))


ACTS: Final[dict[type, Callable[[PlatformState, Any, Turn], Found]]] = {BeginExercise: begin, EndExercise: end}


def lowered(state: PlatformState, turn: Turn) -> tuple[PlatformState, tuple[ExerciseOver, ...]]:
    """Return the state in which no exercise runs, because a person lowered the flag. Causes are `lowering`'s."""
    known = running(state)
    if known is None:
        return state, ()
    over = _over(known, f"{turn.hand.person} lowered the flag", turn.now, turn.hand.person)
    return _with(state, over), (ExerciseOver(over, turn.hand.token),)


def hindrance(state: PlatformState, policy: PlatformPolicy) -> str:
    """Say what about the platform keeps it from being exercised; empty if nothing does."""
    return next(_hindrances(state, policy), "")


def _hindrances(state: PlatformState, policy: PlatformPolicy) -> Iterator[str]:
    name = state.platform
    if state.blind:
        yield f"not now: {reasons.BLIND}"
    if state.outage is not None and state.outage.ended_at is None:
        yield f"not now: outage {state.outage.id} of {name} is open, and it is real"
    if state.verdict not in _WORKS or state.vote not in _WORKS:
        found = state.verdict if state.verdict not in _WORKS else state.vote
        yield f"not now: {name} is {found}: {state.why}"
    seen = [vantage for vantage, vote in state.others.items() if vote is Verdict.DOWN]
    if seen:
        yield f"not now: {reasons.several(seen)} sees {name} down"
    suspected = [probe for probe, held in state.probes.items() if _is_suspected(held)]
    if suspected:
        yield f"not now: {name} is suspected, probe {reasons.several(suspected)} is not good and not confirmed bad"
    if state.causes:
        raised = reasons.several([f"{cause.kind} {cause.id}" for cause in state.causes])
        yield f"not now: the flag has a cause already ({raised})"
    if not _can_be_found(policy):
        yield f"it would never be detected: no critical function of {name} is decided by probes that reach out to it"


def _is_suspected(held: ProbeState) -> bool:
    is_open = round_is_on(held) or held.needs_reconfirm
    return is_open or (held.suspect_since is not None and held.phase is not Phase.BAD)


def _can_be_found(policy: PlatformPolicy) -> bool:
    critical = {probe.function for probe in policy.probes.values() if probe.critical}
    return any(deciding_set(probes_of(policy, function)) for function in critical)


def _known(known: Exercise, wish: Wish) -> Ruling:
    if known.wish != wish:
        return no(f"the id {wish.id} is another exercise's, of run {known.wish.run}: give each one an id of its own")
    if known.is_running:
        return Ruling(Answer.DONE, f"the exercise runs until {reasons.clock(known.until)} already", known.id)
    return Ruling(Answer.DONE, f"it is over already: {known.why}", known.id)


def _unfit(wish: Wish) -> str:
    return next(_flaws(wish), "")


def _flaws(wish: Wish) -> Iterator[str]:
    names = (*wish.principals, *wish.targets)
    if not LEAST <= wish.span <= LONGEST:
        yield f"an exercise lasts from {reasons.span(LEAST)} to {reasons.span(LONGEST)}"
    if not wish.principals:
        yield "an exercise has at least one principal: whoever tries break-glass in it"
    if sum(len(name.encode()) for name in names) > LONGEST_NAMES:
        yield f"principals and targets have {LONGEST_NAMES} bytes together at most: the signed flag is short"
    if not all(is_line(name, LONGEST_NAMES) for name in names):
        yield "principals and targets are names that can be shown"
    if wish.reason and not is_line(wish.reason, LONGEST_REASON):
        yield f"a reason is one line of at most {LONGEST_REASON} printable characters"
    if wish.ticket is not None and not is_line(wish.ticket, LONGEST_TICKET):
        yield f"a ticket is one line of at most {LONGEST_TICKET} printable characters"


def _busy(state: PlatformState, elsewhere: int) -> str:
    known = running(state)
    if known is not None:
        return f"exercise {known.id} runs on {state.platform} already, until {reasons.clock(known.until)}"
    if elsewhere >= MOST_AT_ONCE:
        return f"{elsewhere} exercises run already, and {MOST_AT_ONCE} at once are the most"
    return ""


def _spent(state: PlatformState, now: datetime) -> str:
    """Say that as many began within a day as may be, and when there is room again; empty if there is."""
    today = [each for each in state.exercises if now - each.began_at < _DAY]
    if len(today) >= MOST_A_DAY:
        again = f"{(today[MOST_A_DAY - 1].began_at + _DAY).astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
        return f"{MOST_A_DAY} exercises of {state.platform} began within 24 hours, which is the most: again at {again}"
    return ""


# what happens


def detected(state: PlatformState, event: ExerciseDetected, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state with the cause of the exercise that was detected; nothing changes if that isn't to be."""
    known = running(state)
    if known is None or known.id != event.id or known.detected_at is not None or _over_why(state, known, now):
        return state, []
    found = replace(known, detected_at=now, took=timedelta(seconds=event.seconds))
    wish = known.wish
    cause = Cause(
        CauseKind.EXERCISE,
        known.id,
        now,
        known.until,
        by=known.by,
        ticket=wish.ticket,
        run=wish.run,
        principals=wish.principals,
        targets=wish.targets,
        reason=wish.reason,
    )
    after = replace(_with(state, found), causes=(*state.causes, cause))
    return after, [ExerciseFound(found), CauseAdded(cause)]


def settle(state: PlatformState, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state without an exercise that must not run on, and what ended; verdict and outage are judged."""
    known = running(state)
    why = _over_why(state, known, now) if known is not None else ""
    return _ended(state, known, why, now) if known is not None and why else (state, [])


def resume(state: PlatformState, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state to go on with after the monitor was away: without any exercise."""
    known = running(state)
    after, facts = (state, []) if known is None else _ended(state, known, AWAY, now)
    # What was signed may know of one that is not on record (`unrecorded`).
    left = [cause for cause in after.causes if cause.kind is CauseKind.EXERCISE]
    if left:
        after = replace(after, causes=tuple(cause for cause in after.causes if cause not in left))
    return after, [*facts, *(CauseEnded(cause, AWAY) for cause in left)]


def adapt(
    state: PlatformState, policy: PlatformPolicy, event: Reconfigured, now: datetime
) -> tuple[PlatformState, list[Fact]]:
    """Return the state to go on with under other settings; `state` is as before them."""
    is_same = not event.changed and state.probes.keys() == policy.probes.keys()
    return (state, []) if is_same else _stopped(state, f"the probes of {state.platform} changed", now)


def leave(state: PlatformState, now: datetime) -> tuple[PlatformState, list[Fact]]:
    """Return the state of a platform that nobody watches any more."""
    return _stopped(state, f"{state.platform} is no longer watched", now)


def set_back(state: PlatformState, by: timedelta) -> PlatformState:
    """Return the state with the running exercise set back with the clock. Its cause is `standing`'s."""
    known = running(state)
    if known is None:
        return state
    found_at = known.detected_at
    until = (known.until - by).replace(microsecond=0)
    moved = replace(
        known, began_at=known.began_at - by, until=until, detected_at=None if found_at is None else found_at - by
    )
    return _with(state, moved)


def deadlines(state: PlatformState) -> Iterator[datetime]:
    """Yield when time alone will end it."""
    known = running(state)
    if known is not None:
        yield known.until


def _over_why(state: PlatformState, known: Exercise, now: datetime) -> str:
    """Say why an exercise must not run on; empty if it may."""
    if state.outage is not None and state.outage.ended_at is None:
        return f"a real outage began ({state.outage.id})"
    if state.verdict is Verdict.DOWN:
        return f"{state.platform} is really down"
    if known.until <= now:
        return f"its time was over at {reasons.clock(known.until)}"
    if state.blind:
        return reasons.BLIND
    if state.verdict is Verdict.UNKNOWN:
        return f"nobody can tell any more whether {state.platform} works"
    by_hand = next((each for each in causes.in_force(state.causes, now) if each.kind is CauseKind.MANUAL), None)
    return f"{by_hand.by} raised the flag, and that is real" if by_hand is not None else ""


def _stopped(state: PlatformState, why: str, now: datetime) -> tuple[PlatformState, list[Fact]]:
    known = running(state)
    return (state, []) if known is None else _ended(state, known, why, now)


def _ended(
    state: PlatformState, known: Exercise, why: str, now: datetime, turn: Turn | None = None
) -> tuple[PlatformState, list[Fact]]:
    """Return the state with an exercise over and its cause gone; `turn` is of who ended it."""
    over = _over(known, why, now, turn.hand.person if turn is not None else None)
    gone = [cause for cause in state.causes if (cause.kind, cause.id) == (CauseKind.EXERCISE, known.id)]
    kept = tuple(cause for cause in state.causes if cause not in gone)
    facts: list[Fact] = [ExerciseOver(over, turn.hand.token if turn is not None else "")]
    return replace(_with(state, over), causes=kept), [*facts, *(CauseEnded(cause, why) for cause in gone)]


def _over(known: Exercise, why: str, now: datetime, by: str | None) -> Exercise:
    return replace(known, ended_at=max(now, known.began_at), why=why, ended_by=by)


def _with(state: PlatformState, found: Exercise) -> PlatformState:
    return replace(state, exercises=tuple(found if each.id == found.id else each for each in state.exercises))


# its own probes


def shadow_policy(policy: PlatformPolicy) -> PlatformPolicy:
    """Return how an exercise's own probes are judged: those that reach out, by this vantage's word alone."""
    probes = {name: probe for name, probe in policy.probes.items() if probe.role is not Role.SECOND_HAND}
    return replace(policy, probes=probes, configured_vantages=1, targets=(), maintenance=())


def shadow_of(state: PlatformState, policy: PlatformPolicy) -> PlatformState:
    """Return the state that an exercise's own probes begin with: what is believed now, so that they are proven.

    `policy` is the shadow's own.
    """
    watched = {probe.function for probe in policy.probes.values()}
    return PlatformState(
        platform=state.platform,
        probes={name: drop_round(held) for name, held in state.probes.items() if name in policy.probes},
        functions={name: held for name, held in state.functions.items() if name in watched},
        vote=state.vote,
        verdict=state.vote,
        verdict_since=state.verdict_since,
        why=state.why,
    )
