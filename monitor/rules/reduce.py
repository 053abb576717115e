"""The only way a platform's state changes: an event goes in, the new state and what was found come out.

1. An event changes what is believed of probes; functions are judged from their probes, this vantage's vote from the
   functions, the verdict from all votes; then outage, causes, flag and pages follow, in this order, forward only.
2. Facts come in causal order, and only for what changed.
3. Nothing is judged again that can't have changed: an outcome that leaves what its probe says as it was costs the same
   however many probes there are, and any other judges its own function, unless time alone changed something since.
4. Time is checked after the event was taken in: an outcome that arrives just when its probe turns stale still counts.
5. `wake_at` is never later than the instant at which time alone changes something, and may be earlier. A tick judges
   everything, whenever it comes.
6. After loading `Restarted` is the first event, with other settings while it runs `Reconfigured`. An outcome of a
   probe that isn't configured changes nothing.
7. A person's act is taken in like any event, and answered; one that is refused changes nothing.
8. Whoever turns blind drops rounds and rows of good outcomes; whoever is blind already drops nothing new.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.model.event import (
    BlindnessChanged,
    ClockSetBack,
    CopyJudged,
    Event,
    ExerciseDetected,
    MaintenanceTold,
    Observed,
    PersonActed,
    Reconfigured,
    Restarted,
    Unwatched,
    VersionJudged,
    VotesChanged,
)
from monitor.model.fact import Fact, FunctionChanged, PlatformChanged, PlatformLeft, ProbeChanged, Step
from monitor.model.policy import PlatformPolicy, ProbePolicy
from monitor.model.state import FunctionState, PlatformState, ProbeState
from monitor.model.verdict import Phase, Verdict
from monitor.rules import (
    act_pages,
    acts,
    causes,
    copies,
    deadlines,
    exercise,
    exercise_pages,
    flag,
    news,
    outage,
    pages,
    platform,
    quieting,
    quorum,
    restart,
    standing,
    versions,
    window_standing,
)
from monitor.rules.change import changed
from monitor.rules.function import Member, called, judge, probes_of
from monitor.rules.probe import (
    is_believed_bad,
    lose_sight,
    observe,
    set_back,
    stale_at,
    standing_warnings,
    unsteady_bad,
    view,
)
from monitor.rules.unrecorded import TakenUp, take_up


def advance(state: PlatformState, policy: PlatformPolicy, event: Event, now: datetime) -> Step:
    """Return what one event leads to. `now` is when it is judged, at or after whatever the event tells of."""
    if state.verdict_since is None:
        state = _complete(state, policy)
    if isinstance(event, CopyJudged | VersionJudged):
        return _told(state, policy, event, now)
    if isinstance(event, Observed):
        return _observed(state, policy, event, now)
    if isinstance(event, PersonActed):
        after, facts, ruling = acts.take(state, policy, event, now)
        return replace(_settled(state, after, facts, _Turn(policy, now)), ruling=ruling)
    taken = TakenUp(state, state, ())
    if isinstance(event, Restarted) and event.published is not None:
        taken = take_up(state, policy, event.published, now)
    after, facts = _taken_in(taken.after, policy, event, now)
    return _settled(taken.before, after, [*taken.facts, *facts], _Turn(policy, now))


@dataclass(frozen=True, slots=True)
class _Turn:
    """How one event is judged. `function`: only this one can have changed; None: all of them."""

    policy: PlatformPolicy
    now: datetime
    function: str | None = None
    concerns: tuple[pages.Concern, ...] = ()


def _complete(state: PlatformState, policy: PlatformPolicy) -> PlatformState:
    """Return a state that was never judged with every probe in it, so that none is missed."""
    fresh = {name: ProbeState(probe.fingerprint) for name, probe in policy.probes.items()}
    return replace(state, probes={**fresh, **state.probes})


def _taken_in(
    state: PlatformState, policy: PlatformPolicy, event: Event, now: datetime
) -> tuple[PlatformState, list[Fact]]:
    match event:
        case BlindnessChanged():
            probes = state.probes
            if event.blind and not state.blind:
                probes = {name: lose_sight(probe) for name, probe in probes.items()}
            return replace(state, probes=probes, blind=event.blind), []
        case VotesChanged():
            return replace(state, others=dict(event.others)), []
        case Restarted():
            after, died = standing.resume(state, event, now)
            resumed, facts = restart.resume(after, policy, event, now)
            resumed, windows = window_standing.resume(resumed, policy, event, now)
            resumed, over = exercise.resume(resumed, now)
            return resumed, [*died, *facts, *windows, *over]
        case Reconfigured() | Unwatched() | MaintenanceTold() | ExerciseDetected():
            return _from_outside(state, policy, event, now)
        case ClockSetBack():
            back = exercise.set_back(window_standing.set_back(state, event.by), event.by)
            after, moved = standing.set_back(back, event.by, now)
            after, windows = window_standing.adapt(after, policy, now)
            return _none_from_the_future(after, now), [*moved, *windows]
        case _:
            return _none_from_the_future(state, now), []


def _from_outside(
    state: PlatformState,
    policy: PlatformPolicy,
    event: Reconfigured | Unwatched | MaintenanceTold | ExerciseDetected,
    now: datetime,
) -> tuple[PlatformState, list[Fact]]:
    if isinstance(event, ExerciseDetected):
        return exercise.detected(_none_from_the_future(state, now), event, now)
    if isinstance(event, MaintenanceTold):
        return window_standing.told(state, event, now)
    if isinstance(event, Unwatched):
        left, over = exercise.leave(state, now)
        return replace(left, unwatched_since=now), [*over, PlatformLeft(now)]
    state, over = exercise.adapt(state, policy, event, now)
    adapted, facts = restart.adapt(_none_from_the_future(state, now), policy, event, now)
    adapted, windows = window_standing.adapt(adapted, policy, now)
    return adapted, [*over, *facts, *windows]


def _none_from_the_future(state: PlatformState, now: datetime) -> PlatformState:
    """Return the state with no probe measured later than now: it would count as measured for too long."""
    return replace(state, probes={name: set_back(probe, now) for name, probe in state.probes.items()})


def _told(state: PlatformState, policy: PlatformPolicy, event: CopyJudged | VersionJudged, now: datetime) -> Step:
    if isinstance(event, VersionJudged):
        found = versions.concern(event.document)
    else:
        found = copies.concern(event.copy, event.lag)
    return _settled(state, state, [], _Turn(policy, now, concerns=(found,)))


def _observed(state: PlatformState, policy: PlatformPolicy, event: Observed, now: datetime) -> Step:
    settings = policy.probes.get(event.probe)
    if settings is None:
        return Step(state, (), (), state.wake_at)
    before = state.probes[event.probe]
    after = observe(before, settings, event, blind=state.blind)
    probes = dict(state.probes)
    probes[event.probe] = after
    concerns = tuple(pages.of_outcome(state, policy, event))
    is_due = state.verdict_since is None or (state.wake_at is not None and now >= state.wake_at)
    was_stale_at, is_stale_at = (stale_at(held, settings, now, blind=state.blind) for held in (before, after))
    says_the_same = (was_stale_at is None) is (is_stale_at is None) and _is_judged_alike(before, after)
    if says_the_same and not is_due and not concerns:
        wake_at = deadlines.earliest(state.wake_at, is_stale_at)
        return Step(changed(state, probes=probes, wake_at=wake_at), (), (), wake_at)
    turn = _Turn(policy, now, None if is_due else settings.function, concerns)
    step = _settled(state, replace(state, probes=probes), _probe_facts(settings, before, after, now), turn)
    is_new = is_believed_bad(after) and not is_believed_bad(before)
    return replace(step, calls=called(step.state, policy, settings, now)) if is_new else step


def _is_judged_alike(before: ProbeState, after: ProbeState) -> bool:
    """Whether all that is judged of a probe, but for its age, stayed the same: then so does everything after it."""
    return (
        before.phase is after.phase
        and before.needs_reconfirm is after.needs_reconfirm
        and standing_warnings(before) == standing_warnings(after)
        and (unsteady_bad(before) > 0) is (unsteady_bad(after) > 0)
    )


def _probe_facts(settings: ProbePolicy, before: ProbeState, after: ProbeState, now: datetime) -> list[Fact]:
    if (before.phase, before.needs_reconfirm) == (after.phase, after.needs_reconfirm):
        return []
    if is_believed_bad(after):
        why = f"confirmed bad: {after.bad_detail}"
    elif after.phase is Phase.BAD:
        why = "good once since its settings changed, and must recover"
    else:
        why = "good for the first time" if before.phase is Phase.UNPROVEN else "recovered"
    return [ProbeChanged(settings.name, before.phase, after.phase, now, why)]


def _settled(before: PlatformState, after: PlatformState, facts: list[Fact], turn: _Turn) -> Step:
    """Judge everything that follows from the probes, in the order in which it follows."""
    policy, now = turn.policy, turn.now
    groups = _groups(policy) if turn.function is None else {turn.function: probes_of(policy, turn.function)}
    after, judged = _judged(after, groups, now)
    after, voted, tally = _voted(after, policy, now)
    after, outages = outage.settle(after, policy, now)
    after, ended = exercise.settle(after, now)
    after, over = standing.settle(after, now)
    after, caused = causes.settle(after, policy, now)
    after, warned = standing.warn(after, policy, now)
    after, flagged = flag.settle(before, after, now)
    after, maintained = window_standing.settle(after, now)
    facts = [*facts, *judged, *voted, *outages, *ended, *over, *caused, *warned, *flagged, *maintained]
    after = news.settle(after, facts, now)
    concerns = (
        *turn.concerns,
        *news.of_acts(after, facts),
        *exercise_pages.of_exercises(after, facts),
        *quieting.quieted(pages.of_platform(after, policy, facts, tally, now), after, policy, now),
        *act_pages.of_acts(after, facts),
    )
    firing, told = pages.decide(after.firing, concerns, policy, now)
    firing, closed = pages.unresolvable(firing, after, policy, now)
    facts += [*told, *closed, *pages.withheld(after, policy, [*facts, *told])]
    after = replace(after, firing=firing)
    judged_probes = [probe for probes in groups.values() for probe in probes]
    bound = None if turn.function is None else before.wake_at
    wake_at = deadlines.earliest(bound, deadlines.wake_at(after, policy, judged_probes, now))
    return Step(replace(after, wake_at=wake_at), tuple(facts), (), wake_at)


def _groups(policy: PlatformPolicy) -> dict[str, list[ProbePolicy]]:
    groups: dict[str, list[ProbePolicy]] = {}
    for probe in policy.probes.values():
        groups.setdefault(probe.function, []).append(probe)
    return groups


def _judged(
    state: PlatformState, groups: Mapping[str, Sequence[ProbePolicy]], now: datetime
) -> tuple[PlatformState, list[Fact]]:
    facts: list[Fact] = []
    functions = dict(state.functions)
    for name, probes in groups.items():
        members = [_member(state, probe, now) for probe in probes]
        found = judge(name, members, blind=state.blind)
        was = functions.get(name) or FunctionState(since=now)
        is_change = found.verdict is not was.verdict
        functions[name] = FunctionState(found.verdict, now if is_change else was.since, found.why, found.critical)
        if is_change:
            facts.append(FunctionChanged(name, was.verdict, found.verdict, now, found.why))
    return replace(state, functions=functions), facts


def _member(state: PlatformState, probe: ProbePolicy, now: datetime) -> Member:
    held = state.probes[probe.name]
    return Member(probe, held, view(held, probe, now, blind=state.blind))


def _voted(
    state: PlatformState, policy: PlatformPolicy, now: datetime
) -> tuple[PlatformState, list[Fact], quorum.Tally]:
    own = platform.vote(state.functions, blind=state.blind)
    tally = quorum.tally((own.verdict, *state.others.values()), policy.configured_vantages)
    why = f"{tally.why}; here: {own.why}" if tally.why else own.why
    verdict, was = tally.verdict, state.verdict
    is_new = verdict is not was or state.verdict_since is None
    voted = replace(
        state,
        vote=own.verdict,
        verdict=verdict,
        verdict_since=now if is_new else state.verdict_since,
        why=why,
        quiet_since=(state.quiet_since or now) if verdict is Verdict.UP else None,
        unknown_since=(state.unknown_since or now) if verdict is Verdict.UNKNOWN else None,
    )
    facts: list[Fact] = [PlatformChanged(was, verdict, now, why)] if verdict is not was else []
    return voted, facts, tally
