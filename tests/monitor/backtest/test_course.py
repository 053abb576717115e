"""Passing by what is good leads to exactly what playing every single attempt leads to."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.backtest.judge import Ours
from monitor.backtest.trials import Start
from monitor.model.outcome import OutcomeKind
from monitor.model.verdict import Role, Verdict
from tests.support.backtesting import PACE, SPELL, Fate, ready_to_go, rival, run, shares
from tests.support.clock import START
from tests.support.rulings import HOUR, SECOND, policy, probe

SLOW = settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow])

GOOD = OutcomeKind.GOOD
ONE = policy()
TWO = policy(probe("portal"), replace(probe("api"), interval=20 * SECOND))
TWO_FUNCTIONS = policy(probe("portal"), replace(probe("api", "request"), interval=7 * SECOND))
DECIDED = policy(
    probe("portal"),
    replace(probe("journey", role=Role.DECIDING), interval=90 * SECOND, confirm_attempts=2, recover=1),
)
PLATFORMS = {"one": ONE, "two of one function": TWO, "two functions": TWO_FUNCTIONS, "with a journey": DECIDED}


def _facts(start: Start, fate: Fate, spells: float, *, rests: bool) -> tuple[object, ...]:
    course, story = run(start, fate, START + spells * SPELL, rests=rests)
    told = [(at, each) for at, each in story if each]
    return told, shares(course.judge), course.attempts, course.readies


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize("control_lost", [0.0, 0.25])
@SLOW
@given(
    seed=st.integers(0, 10_000),
    failing=st.lists(st.sampled_from([0.0, 0.0, 0.001, 0.02, 0.3, 1.0]), min_size=3, max_size=3),
    unmeasured=st.sampled_from([0.0, 0.01]),
)
def test_resting_is_playing(name: str, control_lost: float, seed: int, failing: list[float], unmeasured: float) -> None:
    """State, facts with their instants, attempts and ready flags are the same after spells of every kind of weather."""
    start = ready_to_go(PLATFORMS[name])
    rested, played = (
        _facts(start, Fate(seed, failing, unmeasured, control_lost), 3, rests=rests) for rests in (True, False)
    )
    assert rested == played


@SLOW
@given(seed=st.integers(0, 10_000), times=st.integers(1, 4), failing=st.sampled_from([0.01, 0.2, 0.6]))
def test_resting_is_playing_for_rivals_too(seed: int, times: int, failing: float) -> None:
    """Failures in a row come out the same."""
    start = rival(times)
    (a, _), (b, _) = (run(start, Fate(seed, (failing, 0.0)), START + 3 * SPELL, rests=rests) for rests in (True, False))
    assert (shares(a.judge), a.attempts, a.readies) == (shares(b.judge), b.attempts, b.readies)


def test_resting_passes_by() -> None:
    """A day in which all is good is one step, and counts its attempts."""
    start = ready_to_go()
    course, _ = run(start, Fate(1), START + 24 * HOUR, rests=True)
    assert course.played == 0
    assert course.attempts == 24 * 240


def test_every_attempt_is_made_when_the_rules_say() -> None:
    """A first bad outcome is confirmed at the pause after its end, twice, and the flag is ready then."""
    course, _ = run(ready_to_go(), Fate(1, (0.0, 1.0)), START + SPELL + 60 * SECOND, rests=True)
    assert isinstance(course.judge, Ours)
    outage = course.judge.state.outage
    assert outage is not None
    took = 3 * 5 + 2 * 5  # three attempts time out, two pauses between them
    assert outage.detection_seconds == took
    assert course.judge.state.verdict is Verdict.DOWN
    assert course.ready_at == outage.confirmed_at


def test_quick_failures_are_confirmed_quickly() -> None:
    """Attempts that are refused at once don't wait for the timeout."""
    start = ready_to_go(pace=replace(PACE, failing=timedelta(milliseconds=20)))
    course, _ = run(start, Fate(1, (0.0, 1.0)), START + SPELL + 60 * SECOND, rests=True)
    assert isinstance(course.judge, Ours)
    assert course.judge.state.outage is not None
    assert course.judge.state.outage.detection_seconds == pytest.approx(10.06)


def test_a_blind_vantage_believes_nothing() -> None:
    """Where no control answers while everything fails, the flag stays where it was, and it sees again later."""
    fate = Fate(1, (0.0, 1.0, 0.0), control_lost=1.0)
    course, story = run(ready_to_go(), fate, START + 2.5 * SPELL, rests=True)
    assert course.readies == 0
    assert isinstance(course.judge, Ours)
    assert course.judge.state.blind
    assert all(not answered for answered in fate.asked)
    assert any("unknown" in repr(facts) for _, facts in story)


def test_a_called_probe_runs_at_once() -> None:
    """The journey is tried as soon as the portal is confirmed bad, not at its next slot."""

    class OnlyPortal(Fate):
        def outcome(self, probe: str, at: object, stretch: object, *, is_pressed: bool) -> OutcomeKind:
            return super().outcome("portal", at, stretch, is_pressed=is_pressed) if probe == "portal" else GOOD  # type: ignore[arg-type]  # as above

    watched = replace(DECIDED, probes={**DECIDED.probes, "journey": replace(DECIDED.probes["journey"], interval=HOUR)})
    start = ready_to_go(watched)
    course, _ = run(start, OnlyPortal(1, (0.0, 1.0)), START + SPELL + 120 * SECOND, rests=False)
    assert isinstance(course.judge, Ours)
    journey, portal = (course.judge.state.probes[name] for name in ("journey", "portal"))
    assert portal.confirmed_at is not None
    assert journey.last_at == portal.confirmed_at + PACE.answered
    assert course.judge.state.verdict is Verdict.DEGRADED
