"""What is simulated agrees with what can be computed by hand."""

from dataclasses import replace
from datetime import timedelta
from math import inf

import pytest

from monitor.backtest import trials
from monitor.backtest.course import Pace
from monitor.backtest.in_a_row import InARow, as_often
from monitor.backtest.trials import YEAR, Start, Trial, detection, false_ready
from monitor.backtest.world import Stretch, World
from monitor.model.verdict import Role
from tests.support.backtesting import grid, ready_to_go, rival
from tests.support.rulings import HOUR, MINUTE, SECOND, policy, probe

A_YEAR = YEAR / (15 * SECOND)
SURE = Stretch(1.0)


def _nothing() -> None:
    """Nobody waits."""


def _lost(share: float, unmeasured: float = 0.0) -> World:
    return World("lost", Stretch(share, unmeasured))


@pytest.mark.parametrize(("share", "attempts"), [(0.02, 3), (0.003, 2), (0.001, 3)])
def test_rounds_are_confirmed_as_often_as_chance_has_it(share: float, attempts: int) -> None:
    """Of independent losses a round needs as many in a row: a year has attempts * share ** n of them."""
    start = ready_to_go(policy(replace(probe(), confirm_attempts=attempts)))
    found = false_ready(start, _lost(share), 600, "1", _nothing)
    expected = A_YEAR * share**attempts
    assert found.is_tilted
    assert found.rate.low / 1.05 < expected < found.rate.high * 1.05
    assert found.rate.high < 1.5 * found.rate.low


@pytest.mark.parametrize("times", [1, 2, 3])
def test_failures_in_a_row_come_as_often_as_chance_has_it(times: int) -> None:
    """A run of n begins at an attempt with p ** n (1 - p); alarms closer than 15 minutes are one."""
    p = 0.004
    found = false_ready(rival(times), _lost(p), 800, "1", _nothing)
    begin = p**times * (1 - p)
    merged = (1 - begin) ** 60  # in a quarter of an hour no other one begins
    expected = A_YEAR * begin * merged
    assert found.rate.low / 1.08 < expected < found.rate.high * 1.08


def test_tilted_and_plain_dice_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to the same rate, where both can see it."""
    start, world = rival(2), _lost(0.06)
    plain = false_ready(start, world, 1500, "1", _nothing)
    monkeypatch.setattr(trials, "ENOUGH", 10**9)
    tilted = false_ready(start, world, 1500, "1", _nothing)
    assert (plain.is_tilted, tilted.is_tilted) == (False, True)
    assert tilted.rate.low < plain.rate.high
    assert plain.rate.low < tilted.rate.high


def test_two_probes_must_be_wrong_together() -> None:
    """With a second probe in the deciding set false ready flags are far rarer, and still no zero is claimed."""
    one = false_ready(ready_to_go(), _lost(0.02), 300, "1", _nothing)
    two = false_ready(ready_to_go(policy(probe("a"), probe("b"))), _lost(0.02), 300, "1", _nothing)
    assert 0 < two.rate.high < one.rate.low / 100


def test_a_probe_that_is_tried_seldom_is_not_overlooked() -> None:
    """A journey every five minutes that two attempts confirm is wrong more often than a portal that needs three."""
    journey = replace(
        probe("journey", "request", Role.DECIDING), interval=5 * MINUTE, confirm_attempts=2, confirm_every=30 * SECOND
    )
    p = 0.002
    found = false_ready(ready_to_go(policy(probe("portal"), journey)), _lost(p), 120, "1", _nothing)
    expected = A_YEAR * p**3 + YEAR / (5 * MINUTE) * p**2
    assert found.rate.low / 1.1 < expected < found.rate.high * 1.1
    assert found.rate.low > 3 * A_YEAR * p**3


def test_nothing_seen_is_a_bound() -> None:
    """Where nothing is ever lost but now and then not measured, it is fewer than something."""
    found = false_ready(ready_to_go(), _lost(0.0, 0.01), 150, "1", _nothing)
    assert found.rate.at_most
    assert found.rate.high == pytest.approx(3.0 / found.years, rel=0.01)


def test_what_could_not_be_measured_opens_nothing_with_us() -> None:
    """Rivals take it for a failure."""
    world = _lost(0.0, 0.05)
    assert false_ready(ready_to_go(), world, 200, "1", _nothing).rate.value == 0.0
    assert false_ready(rival(2), world, 200, "1", _nothing).rate.value > 100


def test_bursts_of_our_own_network_seldom_open_anything_where_controls_are_lost_with_it() -> None:
    """Blind is not down, also where a burst ends during a round's last attempt: that one is made once more."""
    beyond = World("beyond", Stretch(), Stretch(1.0), every=6 * HOUR, lasting=MINUTE)
    ours = replace(beyond, rough=Stretch(1.0, control_lost=1.0))
    far, near = (false_ready(ready_to_go(), world, 150, "1", _nothing) for world in (beyond, ours))
    assert far.rate.low > 100
    assert near.rate.high < far.rate.low / 20


def test_cost_counts_confirmations() -> None:
    """240 attempts an hour, and one or two more for each loss."""
    found = false_ready(ready_to_go(), _lost(0.01), 500, "1", _nothing)
    assert found.attempts_an_hour == pytest.approx(240 * 1.01, rel=0.003)


def test_time_to_detection_is_slot_and_round() -> None:
    """Up to an interval until the next slot, then three timeouts and two pauses."""
    lengths = [15 * SECOND, 20 * SECOND, 25 * SECOND, 30 * SECOND, 35 * SECOND, 2 * MINUTE]
    found = detection(ready_to_go(), SURE, lengths, 200, Trial("1", _nothing))
    assert len(found.delays) == 200
    assert found.delays[0] == pytest.approx(25, abs=0.1)
    assert found.delays[100] == pytest.approx(32.5, abs=0.1)
    assert found.delays[-1] == pytest.approx(40, abs=0.1)
    # The last of the three begins 20 s after the slot: whatever ends by then is not found.
    expected = [min(1.0, max(0.0, 1 - (length / SECOND - 20) / 15)) for length in lengths]
    assert list(found.missed.values()) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("times", [1, 3])
def test_failures_in_a_row_take_their_intervals(times: int) -> None:
    """So many slots, and the last attempt's timeout."""
    found = detection(rival(times), SURE, [15 * SECOND * times], 100, Trial("1", _nothing))
    assert found.delays[0] == pytest.approx(15 * (times - 1) + 5, abs=0.2)
    assert found.delays[-1] == pytest.approx(15 * times + 5, abs=0.2)
    assert found.missed[15 * SECOND * times] == pytest.approx(0, abs=0.02)


def test_a_partial_outage_is_found_later_or_never() -> None:
    """Where one attempt in two still succeeds it takes longer; where nearly all do, it may take for ever."""
    half = detection(ready_to_go(), Stretch(0.5), [MINUTE], 100, Trial("1", _nothing))
    assert half.delays[50] > 45
    assert half.missed[MINUTE] > 0.3
    little = detection(ready_to_go(), Stretch(1e-9), [MINUTE], 100, Trial("1", _nothing))
    assert little.delays[0] == inf
    assert little.missed[MINUTE] == 1.0


def test_a_journey_decides_for_the_portal() -> None:
    """It is called when the portal is confirmed bad, so that nobody waits for its own interval."""
    journey = replace(
        probe("journey", role=Role.DECIDING),
        interval=5 * MINUTE,
        timeout=10 * SECOND,
        confirm_attempts=2,
        confirm_every=30 * SECOND,
        recover=1,
    )
    found = detection(ready_to_go(policy(probe("portal"), journey)), SURE, [MINUTE], 100, Trial("1", _nothing))
    assert found.delays[-1] <= 40 + 2 * 10 + 30 + 0.2


def test_the_same_seed_gives_the_same() -> None:
    """And another one doesn't."""
    world = _lost(0.01)
    first, again = (false_ready(ready_to_go(), world, 150, "1", _nothing) for _ in range(2))
    other = false_ready(ready_to_go(), world, 150, "2", _nothing)
    assert first == again
    assert first.rate != other.rate


def test_rivals_cost_the_same() -> None:
    """Their intervals are longer by what our confirmations cost."""
    watched = as_often(policy(), 0.5)
    found = false_ready(
        Start(InARow(watched, grid(watched), 3), ready_to_go().at, Pace()), _lost(0.01), 150, "1", _nothing
    )
    assert found.attempts_an_hour == pytest.approx(480, rel=0.001)
    assert watched.probes["portal"].interval == timedelta(seconds=7.5)
