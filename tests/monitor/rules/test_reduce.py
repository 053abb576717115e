"""The way events change a platform's state: order, cost, and what must never happen."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import permutations, product

import pytest

from monitor.model.act import Confirm, Inhibit, Raise
from monitor.model.event import BlindnessChanged, Event, Observed, Restarted, Ticked, VotesChanged
from monitor.model.fact import (
    CauseAdded,
    FlagChanged,
    FunctionChanged,
    OutageOpened,
    PageDecided,
    PlatformChanged,
    ProbeChanged,
)
from monitor.model.outcome import OutcomeKind, Reason
from monitor.model.state import Cause, PlatformState
from monitor.model.verdict import CauseKind, Phase, Role, Verdict
from monitor.rules.reduce import advance
from tests.support.clock import START
from tests.support.rulings import HOUR, INSTANT, MINUTE, SECOND, Platform, down, outcome, policy, probe, up

A, B = probe("a"), probe("b")
API = probe("api", "request")
GOOD, BAD = OutcomeKind.GOOD, OutcomeKind.BAD


def seen(name: str, kind: OutcomeKind, *, answered: bool | None = None) -> Observed:
    """Return an attempt that ended ten seconds after START."""
    at = START + 10 * SECOND
    return Observed(name, outcome(kind, at), at, answered)


# facts


def test_facts_come_in_causal_order() -> None:
    """What follows comes after what it follows from, down to the pages."""
    platform = down()
    assert [type(fact) for fact in platform.step.facts] == [
        ProbeChanged,
        FunctionChanged,
        PlatformChanged,
        OutageOpened,
        CauseAdded,
        FlagChanged,
        PageDecided,
        PageDecided,
    ]


def test_no_fact_without_change() -> None:
    """Outcomes that change nothing leave no facts."""
    platform = up()
    count = len(platform.facts)
    for _ in range(9):
        platform.good()
    platform.tick()
    assert len(platform.facts) == count


@pytest.mark.parametrize(
    ("story", "whys"),
    [
        ("g", ["good for the first time"]),
        ("gbbb", ["good for the first time", "confirmed bad: status 503, expected 200"]),
        ("gbbbggg", ["good for the first time", "confirmed bad: status 503, expected 200", "recovered"]),
    ],
)
def test_a_probe_says_why_it_changed(story: str, whys: list[str]) -> None:
    """Each change of what is believed of a probe has its reason."""
    platform = Platform()
    for letter in story:
        platform.good() if letter == "g" else platform.bad()
    assert [fact.why for fact in platform.found(ProbeChanged) if isinstance(fact, ProbeChanged)] == whys


def test_a_changed_opener_says_that_it_must_recover() -> None:
    """A probe that holds the outage under other settings, good for the first time, is not good yet, and says so."""
    platform = down()
    platform.restart(watched=policy(replace(probe(), fingerprint="f1")))
    platform.good()
    fact = platform.step.facts[0]
    assert isinstance(fact, ProbeChanged)
    assert (fact.was, fact.now) == (Phase.UNPROVEN, Phase.BAD)
    assert fact.why == "good once since its settings changed, and must recover"


def test_since_is_when_it_changed() -> None:
    """A verdict holds since the step that brought it, whatever is judged after."""
    platform = up()
    since = platform.state.functions["sign_in"].since
    platform.good()
    assert platform.state.functions["sign_in"].since == since == platform.state.verdict_since
    platform.confirm()
    assert platform.state.functions["sign_in"].since == platform.now == platform.state.verdict_since


def test_several_vantages_say_how_they_voted() -> None:
    """Where there are several vantages the reason tells their votes, and what is seen here."""
    platform = up(vantages=3)
    platform.vote(b=Verdict.DOWN, c=Verdict.DOWN)
    assert platform.state.why == "2 of 3 vantages see it down, 3 can see; here: every function is up"


# illegal moves


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_a_probe_that_isn_t_configured(kind: OutcomeKind) -> None:
    """A late outcome of a probe that is gone changes nothing."""
    platform = up()
    before = platform.state
    step = platform.hear(seen("gone", kind, answered=True))
    assert (step.state, step.facts, step.calls, step.wake_at) == (before, (), (), before.wake_at)


@pytest.mark.parametrize(
    "event", [Ticked(), BlindnessChanged(blind=True), VotesChanged({}), seen("a", GOOD), Restarted(None)]
)
def test_any_first_event_knows_every_probe(event: Event) -> None:
    """Whatever comes first, no probe is missed."""
    step = advance(PlatformState("payments"), policy(A, B), event, START + 10 * SECOND)
    assert set(step.state.probes) == {"a", "b"}
    assert step.state.verdict_since == START + 10 * SECOND


@pytest.mark.parametrize("blind", [True, False])
def test_the_same_blindness_twice(*, blind: bool) -> None:
    """Being told again what is known already changes nothing."""
    platform = up()
    platform.blind(blind=blind)
    before = platform.state
    assert platform.blind(blind=blind).facts == ()
    assert platform.state == before


def test_an_answer_that_comes_too_early() -> None:
    """A control that answered before the round was complete confirms nothing."""
    platform = up()
    for _ in range(2):
        platform.after(SECOND).see(BAD, answered=True)
    assert platform.probe().phase is Phase.GOOD


def test_a_round_that_nobody_asked_about() -> None:
    """A round that is complete without an answer is not believed, and not forgotten."""
    platform = up()
    platform.bad()
    platform.bad()
    platform.hear(seen("portal", BAD, answered=None))
    assert platform.verdict() is Verdict.UP
    platform.hear(seen("portal", BAD, answered=True))
    assert platform.verdict() is Verdict.DOWN


def test_votes_for_a_single_vantage() -> None:
    """A vote that nobody expects can't make a single vantage's platform down by itself without a majority."""
    platform = up()
    platform.vote(b=Verdict.UNKNOWN)
    assert platform.verdict() is Verdict.UP


def test_time_that_goes_back() -> None:
    """A tick in the past finds nothing; but what was measured since then counts as measured at the tick."""
    platform = down()
    before = platform.state
    step = advance(before, platform.policy, Ticked(), START - HOUR)
    assert step.facts == ()
    assert replace(step.state, wake_at=before.wake_at, probes=before.probes) == before
    assert {held.conclusive_at for held in step.state.probes.values()} == {START - HOUR}


def test_a_clock_set_back_hides_no_gap() -> None:
    """An hour back, and nothing measured from there on: unknown after the usual time, not an hour later."""
    platform = up()
    state = advance(platform.state, platform.policy, Ticked(), START - HOUR).state
    later = advance(state, platform.policy, Ticked(), START - HOUR + 2 * MINUTE).state
    assert later.verdict is Verdict.UNKNOWN


# every order of two events


def suspect(name: str) -> Platform:
    """Return a platform with one probe one bad outcome short of confirmed."""
    platform = up(A, API)
    platform.bad(name)
    platform.bad(name)
    return platform


def blinded() -> Platform:
    """Return a platform that a blind vantage watches."""
    platform = up(A, API)
    platform.blind()
    return platform


SITUATIONS: list[Callable[[], Platform]] = [
    lambda: up(A, API),
    lambda: down(A, API),
    lambda: suspect("a"),
    blinded,
]


EVENTS: list[Event] = [
    seen("a", GOOD),
    seen("a", BAD, answered=True),
    seen("a", OutcomeKind.NOT_MEASURED),
    seen("api", GOOD),
    seen("api", BAD, answered=True),
    seen("api", OutcomeKind.SKIPPED),
    VotesChanged({"b": Verdict.DEGRADED}),
    Ticked(),
]


@pytest.mark.parametrize("make", SITUATIONS)
@pytest.mark.parametrize(("first", "second"), list(permutations(EVENTS, 2)))
def test_events_about_different_things_arrive_in_any_order(
    make: Callable[[], Platform], first: Event, second: Event
) -> None:
    """Two events that are not about the same probe lead to the same state, whichever comes first."""
    if isinstance(first, Observed) and isinstance(second, Observed) and first.probe == second.probe:
        return
    ends = []
    for pair in ((first, second), (second, first)):
        platform = make()
        platform.now = max(platform.now, START + 10 * SECOND)
        for event in pair:
            platform.hear(event)
        ends.append(platform)
    one, other = (settled(platform) for platform in ends)
    assert one == other


def settled(platform: Platform) -> PlatformState:
    """Return the state without what legitimately depends on which of two changes came first, and its bound."""
    state = platform.hear(Ticked()).state
    outage = state.outage and replace(state.outage, reason="", functions=tuple(sorted(state.outage.functions)),
                                      openers=tuple(sorted(state.outage.openers)))  # fmt: skip
    return replace(state, outage=outage, wake_at=None, flag=replace(state.flag, change=0))


def test_a_round_without_controls_and_blindness_in_either_order() -> None:
    """A round that no control answered, and the news that this vantage is blind, lead to the same in both orders."""
    unanswered, news = seen("a", BAD, answered=False), BlindnessChanged(blind=True)
    ends = []
    for pair in ((unanswered, news), (news, unanswered)):
        platform = suspect("a")
        platform.now = START + 10 * SECOND
        for event in pair:
            platform.hear(event)
        ends.append(platform)
    assert replace(ends[0].state, wake_at=None) == replace(ends[1].state, wake_at=None)
    for platform in ends:
        platform.blind(blind=False)
        assert platform.verdict() is Verdict.UP
        assert platform.probe("a").round_bad == 0


@pytest.mark.parametrize(("first", "second"), list(product("gbn", repeat=2)))
def test_outcomes_of_one_probe_count_in_the_order_they_arrive(first: str, second: str) -> None:
    """A late outcome counts when it comes: a clock set back must never silence a probe."""
    kinds = {"g": GOOD, "b": BAD, "n": OutcomeKind.NOT_MEASURED}
    late, early = START + 20 * SECOND, START + 10 * SECOND
    platform = up()
    platform.now = late
    platform.hear(Observed("portal", outcome(kinds[first], late), late))
    platform.hear(Observed("portal", outcome(kinds[second], early), early))
    assert platform.probe().last_at == early
    expected = {"gb": 1, "bb": 2, "nb": 1}.get(first + second, 0)
    assert platform.probe().round_bad == expected


# cost


def crowd(count: int) -> Platform:
    """Return a platform of many probes in a few functions, all good, just judged."""
    platform = Platform(policy(*(probe(f"p{number}", f"f{number % 5}") for number in range(count))))
    for number in range(count):
        platform.see(GOOD, f"p{number}")
    return platform


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_an_outcome_that_changes_nothing_touches_one_probe(kind: OutcomeKind) -> None:
    """An outcome that leaves what its probe says judges no function, and leaves every other value in place."""
    platform = crowd(20)
    before = platform.state
    platform.after(SECOND).see(kind, "p7")
    after = platform.state
    assert after.functions is before.functions
    assert after.causes is before.causes
    assert after.firing is before.firing
    assert [name for name in after.probes if after.probes[name] is not before.probes[name]] == ["p7"]


def test_a_change_judges_its_own_function() -> None:
    """An outcome that changes what its probe says judges its own function and no other."""
    platform = crowd(20)
    for _ in range(2):
        platform.bad("p7")
    before = platform.state
    platform.bad("p7")
    after = platform.state
    assert [name for name in after.functions if after.functions[name] is not before.functions[name]] == ["f2"]
    assert after.functions["f2"].verdict is Verdict.DEGRADED


def test_a_ticket_elsewhere_costs_nothing() -> None:
    """While one probe's ticket fires, outcomes of the others still touch one probe."""
    platform = crowd(20)
    platform.see(OutcomeKind.NOT_MEASURED, "p3", reason=Reason.CREDENTIALS_REFUSED)
    before = platform.state
    platform.after(SECOND).see(GOOD, "p7")
    assert platform.state.functions is before.functions


def test_a_thousand_probes_are_as_cheap_as_ten() -> None:
    """What an outcome costs that changes nothing grows by no more than the copy of one table.

    Measured as a ratio on the same machine at the same time, so that a slow machine doesn't fail it: judging all
    would cost a hundred times as much.
    """
    few, many = crowd(10), crowd(1000)
    ratios = []
    for _ in range(5):
        spent = []
        for platform in (few, many):
            event = Observed("p7", outcome(GOOD, platform.now), platform.now)
            began = time.process_time()
            for _ in range(300):
                advance(platform.state, platform.policy, event, platform.now)
            spent.append(time.process_time() - began)
        ratios.append(spent[1] / spent[0])
    assert min(ratios) < 4


# waking up


def test_wakes_when_a_probe_turns_stale() -> None:
    """The first probe to turn stale says when to wake."""
    platform = up(A, API)
    assert platform.step.wake_at is not None
    assert platform.step.wake_at <= START + SECOND + 50 * SECOND + INSTANT
    step = platform.tick()
    assert step.wake_at == START + SECOND + 50 * SECOND + INSTANT


def test_wakes_early_rather_than_late() -> None:
    """Outcomes that change nothing leave the bound, which may be early; a tick makes it exact."""
    platform = up()
    early = platform.step.wake_at
    platform.after(10 * SECOND).good()
    assert platform.step.wake_at == early
    assert platform.tick().wake_at == platform.now + 50 * SECOND + INSTANT


def test_an_outcome_that_is_due_judges_everything() -> None:
    """An outcome that comes after the bound judges what time has changed elsewhere."""
    platform = up(A, API)
    platform.after(MINUTE).good("a")
    assert platform.functions() == {"sign_in": Verdict.UP, "request": Verdict.UNKNOWN}


def test_never_wakes_for_nothing() -> None:
    """When nothing can change by time alone there is nothing to wake for."""
    platform = Platform()
    platform.tick(2 * MINUTE)
    assert platform.step.wake_at is None


def unknown_in_outage() -> Platform:
    """Return a platform whose outage has rested on unknown for two minutes, and paged for it."""
    platform = down()
    platform.tick(HOUR)
    platform.tick(2 * MINUTE)
    return platform


def warned_of_unknown() -> Platform:
    """Return a platform that nobody can see, whose outage cause has ten minutes to go."""
    platform = unknown_in_outage()
    platform.tick(4 * HOUR - 12 * MINUTE)
    return platform


def waiting() -> Platform:
    """Return a platform nobody can see, with a request that was just made."""
    platform = Platform(replace(policy(), manual_persons=2))
    platform.tick(2 * MINUTE)
    platform.act(Raise("needed", HOUR))
    return platform


def held_closed() -> Platform:
    """Return a platform nobody can see, whose outages two persons just began to hold closed."""
    platform = Platform()
    platform.tick(2 * MINUTE)
    asked = platform.act(Inhibit("false alarm", HOUR / 2))
    platform.act(Confirm(str(asked.subject)), "ben")
    return platform


def raised_by_hand() -> Platform:
    """Return a platform nobody can see, that was just raised for an hour."""
    platform = Platform()
    platform.tick(2 * MINUTE)
    platform.act(Raise("needed", HOUR))
    return platform


def forgotten_soon() -> Platform:
    """Return a platform whose outage is just over, seen by a vantage that just turned blind and paged for it."""
    platform = down()
    platform.recover()
    cleared_at = platform.now
    platform.blind()
    platform.tick(2 * MINUTE)
    platform.now = cleared_at
    return platform


def exercise() -> Platform:
    """Return a platform nobody can see, in an exercise that has an hour to go."""
    platform = Platform()
    platform.tick(2 * MINUTE)
    platform.raise_flag(Cause(CauseKind.EXERCISE, "e1", platform.now, until=platform.now + HOUR))
    return platform


def half_known() -> Platform:
    """Return a platform that is degraded only because a function that isn't critical is unknown."""
    slow = replace(A, interval=HOUR)
    platform = Platform(policy(slow, replace(API, critical=False)))
    platform.good("a")
    return platform


@pytest.mark.parametrize(
    ("make", "span"),
    [
        pytest.param(Platform, 2 * MINUTE, id="unknown pages"),
        pytest.param(unknown_in_outage, 3 * HOUR - 2 * MINUTE, id="unknown will end the cause in an hour"),
        pytest.param(warned_of_unknown, 10 * MINUTE, id="unknown ends the cause"),
        pytest.param(waiting, 15 * MINUTE, id="a request dies"),
        pytest.param(held_closed, 30 * MINUTE, id="an inhibition ends"),
        pytest.param(raised_by_hand, 50 * MINUTE, id="a manual cause will end"),
        pytest.param(forgotten_soon, 15 * MINUTE, id="the outage can't come back"),
        pytest.param(exercise, HOUR, id="a cause reaches its end"),
        pytest.param(half_known, 2 * MINUTE, id="degraded by unknown alone is told"),
    ],
)
def test_wakes_for(make: Callable[[], Platform], span: timedelta) -> None:
    """Everything that time alone changes says when, exactly."""
    platform = make()
    platform.tick()
    assert platform.step.wake_at == platform.now + span
    assert platform.tick(span - INSTANT).facts == ()
    after = platform.state
    platform.tick(INSTANT)
    assert replace(platform.state, wake_at=None) != replace(after, wake_at=None)


def test_every_role_walks_through() -> None:
    """A cheap probe fails, the deciding one is called and bad: only then is the platform down."""
    access = replace(probe("access", role=Role.DECIDING), confirm_attempts=2, recover=1)
    platform = up(A, access)
    assert platform.confirm("a").calls == ("access",)
    assert platform.verdict() is Verdict.DEGRADED
    platform.confirm("access")
    assert platform.verdict() is Verdict.DOWN
    platform.good("access")
    assert platform.verdict() is Verdict.DEGRADED
