"""Weather and dice are what they say."""

from datetime import timedelta
from random import Random

import pytest

from monitor.backtest.dice import TILT, Chance, Row
from monitor.backtest.world import Changing, OneOutage, Stretch, World
from monitor.model.outcome import OutcomeKind
from tests.support.clock import START
from tests.support.rulings import HOUR, MINUTE, SECOND

BURSTS = World("bursts", Stretch(), Stretch(0.8), every=HOUR, lasting=2 * MINUTE)


def _rough_share(world: World, seed: int) -> tuple[float, int]:
    weather = Changing(world, START, Random(seed))
    rough, at = timedelta(0), START
    while weather.spells < 3000:
        assert weather.until is not None
        rough += timedelta(0) if weather.is_calm else weather.until - at
        at = weather.until
        weather.move(at)
    return rough / (at - START), weather.spells


@pytest.mark.parametrize("is_even", [False, True])
def test_spells_take_their_share_of_time(*, is_even: bool) -> None:
    """Two minutes an hour, on average, however they are spread."""
    world = World("w", Stretch(), Stretch(0.5), HOUR, 2 * MINUTE, is_even)
    share, _ = _rough_share(world, 3)
    assert share == pytest.approx(2 / 60, rel=0.08)


def test_moving_far_is_moving_step_by_step() -> None:
    """What is asked in between changes nothing."""
    far, near = (Changing(BURSTS, START, Random(5)) for _ in range(2))
    for nth in range(500):
        near.move(START + nth * 7 * MINUTE)
    far.move(START + 499 * 7 * MINUTE)
    assert (far.is_calm, far.until, far.spells) == (near.is_calm, near.until, near.spells)


def test_one_outage_begins_and_ends() -> None:
    """Half-open: lost from its first instant on, and no more from its last."""
    weather = OneOutage(START + HOUR, MINUTE, Stretch(1.0))
    seen = []
    for at in (START, START + HOUR - SECOND, START + HOUR, START + HOUR + MINUTE - SECOND, START + HOUR + MINUTE):
        weather.move(at)
        seen.append((weather.stretch.lost, weather.is_over))
    assert seen == [(0, False), (0, False), (1, False), (1, False), (0, True)]


def test_first_that_is_not_good_is_geometric() -> None:
    """Its mean is (1 - p) / p, and a row has an end."""
    chance, p = Chance(Random(2)), 0.02
    row = Row("portal", START, SECOND, START + 10_000 * SECOND)
    drawn = [chance.first_not_good(row, Stretch(p)) for _ in range(4000)]
    known = [each for each in drawn if each is not None]
    assert len(known) == len(drawn)
    assert sum(known) / len(known) == pytest.approx((1 - p) / p, rel=0.05)
    short = Row("portal", START, SECOND, START + 10 * SECOND)
    ends = [chance.first_not_good(short, Stretch(p)) for _ in range(4000)]
    assert sum(each is None for each in ends) / 4000 == pytest.approx((1 - p) ** 10, abs=0.02)
    assert all(each is None or each < 10 for each in ends)


def test_certain_things() -> None:
    """Nothing is lost where nothing can be; everything is where it must."""
    chance = Chance(Random(1))
    row = Row("portal", START, SECOND, START + 100 * SECOND)
    assert chance.first_not_good(row, Stretch()) is None
    assert chance.first_not_good(row, Stretch(1.0)) == 0
    assert chance.outcome("portal", START, Stretch(0.0, 1.0), is_pressed=False) is OutcomeKind.NOT_MEASURED
    assert chance.control_answers(Stretch(1.0))
    assert not chance.control_answers(Stretch(1.0, control_lost=1.0))


def test_row_counts_what_begins_before_its_end() -> None:
    """Half-open."""
    assert [Row("p", START, SECOND, START + each * SECOND / 2).length for each in (-1, 0, 1, 2, 3)] == [0, 0, 1, 1, 2]


def test_what_is_not_good_is_lost_or_not_measured_in_their_proportion() -> None:
    """Also where it is known beforehand that it isn't good."""
    chance, stretch = Chance(Random(4)), Stretch(0.1, 0.05)
    drawn = [chance.not_good("portal", START, stretch) for _ in range(4000)]
    share = sum(each is OutcomeKind.NOT_MEASURED for each in drawn) / 4000
    assert share == pytest.approx(stretch.unmeasured / stretch.not_good, abs=0.03)


def test_weights_make_tilted_dice_fair() -> None:
    """Three lost in a row come half times half times half as often, and weigh as much less."""
    chance, p = Chance(Random(6)), 0.03
    total = 0.0
    for _ in range(6000):
        chance.weight, chance.is_tilting = 1.0, True
        lost = [chance.outcome("p", START, Stretch(p), is_pressed=True) is OutcomeKind.BAD for _ in range(3)]
        total += chance.weight * all(lost)
    assert total / 6000 == pytest.approx(p**3, rel=0.1)
    assert TILT == 0.5


def test_dice_are_not_tilted_without_need() -> None:
    """Where nothing hangs on it the weight stays."""
    chance = Chance(Random(1))
    chance.is_tilting = True
    for _ in range(100):
        chance.outcome("p", START, Stretch(0.1), is_pressed=False)
    assert chance.weight == 1.0
