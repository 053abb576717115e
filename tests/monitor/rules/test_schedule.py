"""When a probe's next attempt is due, and why it is made."""

from bisect import bisect_left
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.outcome import Attempt
from monitor.model.policy import ProbePolicy
from monitor.model.state import ProbeState
from monitor.model.verdict import Phase, Role
from monitor.rules.schedule import (
    EARLY,
    FIRST_WITHIN,
    SUSPECT_EVERY,
    Grid,
    Slots,
    grid_of,
    next_attempt,
    next_beat,
    offset,
)
from tests.support.clock import START
from tests.support.rulings import BOUNDED, HOUR, MINUTE, SECOND, probe

PORTAL = probe()
ACCESS = replace(probe("access", role=Role.DECIDING), interval=5 * MINUTE, confirm_every=30 * SECOND)
CALM = ProbeState("f0", phase=Phase.GOOD)
BAD = replace(CALM, phase=Phase.BAD)
SUSPECT = replace(CALM, round_bad=1, round_since=START)
SECONDS = st.integers(0, 10**6).map(lambda number: timedelta(milliseconds=number))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
GRIDS = st.builds(
    Grid,
    st.integers(0, 999).map(lambda number: number * MILLISECOND),
    st.integers(0, 1000).map(lambda number: number * MILLISECOND),
)
INTERVALS = st.sampled_from([SECOND, 7 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, HOUR, 24 * HOUR])


def due(
    state: ProbeState,
    settings: ProbePolicy = PORTAL,
    *,
    ended: datetime | None = START,
    now: datetime = START,
    grid: Grid = Grid(),  # noqa: B008 - frozen
) -> tuple[datetime, Attempt]:
    """Return the next attempt on platform `payments`."""
    slots = Slots("payments", settings.name, grid)
    return next_attempt(state, settings, slots=slots, last_ended_at=ended, now=now)


def many(count: int, interval: timedelta) -> list[ProbePolicy]:
    """Return so many probes."""
    return [replace(PORTAL, name=f"probe-{number}", interval=interval) for number in range(count)]


def into_second(when: datetime, grid: Grid) -> timedelta:
    """Return how long after the beginning of the burst an instant is."""
    return (when - EPOCH - grid.begins) % SECOND


def crowd(periods: dict[str, timedelta], grid: Grid, within: timedelta) -> int:
    """Return how many probes start, at most, within so long, in the first minute of the epoch."""
    starts: list[timedelta] = []
    for name, period in periods.items():
        first = offset(Slots("payments", name, grid), period)
        starts += [first + number * period for number in range(MINUTE // period)]
    starts.sort()
    return max(bisect_left(starts, start + within) - place for place, start in enumerate(starts))


def test_next_slot() -> None:
    """A calm probe is tried at the first slot after its last attempt ended."""
    when, why = due(CALM)
    assert START < when <= START + 15 * SECOND
    assert why is Attempt.SCHEDULED


@BOUNDED
@given(INTERVALS, SECONDS, GRIDS)
def test_slots_are_a_grid(interval: timedelta, late: timedelta, grid: Grid) -> None:
    """Slots are whole intervals apart, whenever one asks and whatever the burst."""
    settings = replace(PORTAL, interval=interval)
    first, _ = due(CALM, settings, grid=grid)
    later, _ = due(CALM, settings, ended=START + late, now=START + late, grid=grid)
    assert (later - first) % interval == timedelta(0)
    assert START + late < later - EARLY <= START + late + interval


@BOUNDED
@given(INTERVALS, GRIDS)
def test_slots_are_the_same_after_a_restart(interval: timedelta, grid: Grid) -> None:
    """The slots hang on nothing but platform, probe, interval and the monitor's grid."""
    settings = replace(PORTAL, interval=interval)
    slot, _ = due(CALM, settings, grid=grid)
    assert (slot - EPOCH) % interval == offset(Slots("payments", "portal", grid), interval)


@BOUNDED
@given(INTERVALS, GRIDS, st.text("abc-", min_size=1, max_size=9))
def test_slots_stand_in_the_burst(interval: timedelta, grid: Grid, name: str) -> None:
    """Every slot of a probe that is tried every second or more rarely."""
    when, _ = due(CALM, replace(PORTAL, name=name, interval=interval), grid=grid)
    assert into_second(when, grid) <= grid.burst


@BOUNDED
@given(GRIDS, st.text("abc-", min_size=1, max_size=9))
def test_a_burst_moves_no_slot_by_more_than_a_second(grid: Grid, name: str) -> None:
    """Probes are as spread over their intervals as they were, to the second."""
    spread = offset(Slots("payments", name), HOUR)
    gathered = (offset(Slots("payments", name, grid), HOUR) - grid.begins) % HOUR
    assert gathered // SECOND == spread // SECOND or gathered == (spread // SECOND + 1) * SECOND
    assert gathered <= spread


@pytest.mark.parametrize("interval", [100 * MILLISECOND, 999 * MILLISECOND])
def test_more_often_than_every_second_there_is_no_burst(interval: timedelta) -> None:
    """Such a probe wakes us all the time anyway."""
    burst = Grid(SECOND / 3, 20 * MILLISECOND)
    assert offset(Slots("payments", "portal", burst), interval) == offset(Slots("payments", "portal"), interval)


@pytest.mark.parametrize(
    ("count", "interval", "burst"),
    [
        pytest.param(0, MINUTE, 0, id="none"),
        pytest.param(1, 15 * SECOND, 0.3, id="one"),
        pytest.param(100, 15 * SECOND, 30, id="a hundred, 20 of which start in each of the first five seconds"),
        pytest.param(1000, 5 * MINUTE, 100, id="a long interval, which the first attempts don't wait for"),
        pytest.param(10_000, MINUTE, 1000, id="many, which are as spread as can be"),
        pytest.param(10_000, 15 * SECOND, 1000, id="even more"),
    ],
)
def test_a_burst_leaves_starts_apart(count: int, interval: timedelta, burst: float) -> None:
    """It grows with the number of probes, and ends at a whole second."""
    grid = grid_of("prod", "main", many(count, interval))
    assert grid.burst / MILLISECOND == pytest.approx(burst, abs=0.001)


def test_few_probes_wake_us_once_a_second() -> None:
    """A hundred probes every 15 s start in at most fifteen bursts of 30 ms."""
    probes = many(100, 15 * SECOND)
    grid = grid_of("prod", "main", probes)
    slots = [due(CALM, probe, grid=grid)[0] for probe in probes]
    assert len({(slot - EPOCH - grid.begins) // SECOND for slot in slots}) <= 15
    assert all(into_second(slot, grid) <= 30 * MILLISECOND for slot in slots)


@pytest.mark.parametrize(("count", "interval"), [(1000, 15 * SECOND), (3000, MINUTE), (10_000, MINUTE)])
@pytest.mark.parametrize("is_first", [False, True])
def test_many_probes_are_no_crowd(count: int, interval: timedelta, is_first: bool) -> None:  # noqa: FBT001 - pytest's
    """However many there are, no 20 ms see more than 40 start, not even just after the monitor did."""
    probes = many(count, interval)
    period = min(interval / 3, FIRST_WITHIN) if is_first else interval
    periods = {probe.name: period for probe in probes}
    assert crowd(periods, grid_of("prod", "main", probes), 20 * MILLISECOND) <= 40


def test_monitors_don_t_burst_together() -> None:
    """Where in the second the burst begins derives from deployment and vantage, and stays."""
    begins = [grid_of(deployment, vantage, []).begins for deployment in ("prod", "test") for vantage in ("a", "b")]
    assert len(set(begins)) == 4
    assert all(timedelta(0) <= each < SECOND for each in begins)
    assert begins[0] == grid_of("prod", "a", many(100, SECOND)).begins


@BOUNDED
@given(GRIDS, SECONDS)
def test_a_beat_is_when_the_burst_is_over(grid: Grid, later: timedelta) -> None:
    """The next one is later than now, by a second at most."""
    now = START + later
    beat = next_beat(grid, now)
    assert now < beat <= now + SECOND
    assert (beat - EPOCH) % SECOND == (grid.begins + grid.burst) % SECOND
    assert next_beat(grid, beat) == beat + SECOND


def test_missed_slots_are_skipped() -> None:
    """An attempt that took four intervals is followed by one slot, not by four."""
    first, _ = due(CALM)
    ended = first + 61 * SECOND
    after, _ = due(CALM, ended=ended, now=ended)
    assert after == first + 75 * SECOND


def test_an_attempt_that_took_no_time_is_not_made_twice() -> None:
    """At the instant of a slot whose attempt has just ended, the next slot is due."""
    slot, _ = due(CALM)
    assert due(CALM, ended=slot, now=slot)[0] == slot + 15 * SECOND


@pytest.mark.parametrize(("before", "slots_later"), [(EARLY, 1), (EARLY + timedelta(microseconds=1), 0)])
def test_an_attempt_that_came_early_was_its_slot_s(before: timedelta, slots_later: int) -> None:
    """A timer that was early and an answer that was quick do not make a slot's attempt twice."""
    slot, _ = due(CALM)
    assert due(CALM, ended=slot - before, now=slot - before)[0] == slot + slots_later * 15 * SECOND


def test_a_slot_that_is_now_is_taken() -> None:
    """At the instant of a slot that was not tried, it is due."""
    slot, _ = due(CALM)
    assert due(CALM, ended=START, now=slot)[0] == slot


@pytest.mark.parametrize("count", [1, 2])
def test_confirmation_counts_from_the_end_of_an_attempt(count: int) -> None:
    """A round's attempts follow `every` after the end of the one before."""
    state = replace(SUSPECT, round_bad=count)
    assert due(state, now=START + SECOND) == (START + 5 * SECOND, Attempt.CONFIRMATION)


def test_late_confirmation_is_due_now() -> None:
    """A confirmation that is overdue is due now, not in the past."""
    assert due(SUSPECT, now=START + MINUTE) == (START + MINUTE, Attempt.CONFIRMATION)


def test_confirmation_without_an_attempt_before_is_due_now() -> None:
    """A round that nobody remembers the last attempt of goes on at once."""
    assert due(SUSPECT, ended=None) == (START, Attempt.CONFIRMATION)


@pytest.mark.parametrize(
    ("state", "settings", "period"),
    [
        pytest.param(CALM, ACCESS, 5 * MINUTE, id="a calm deciding probe keeps its interval"),
        pytest.param(BAD, ACCESS, SUSPECT_EVERY, id="a bad one is tried every minute"),
        pytest.param(replace(BAD, needs_reconfirm=True), ACCESS, SUSPECT_EVERY, id="so is one in doubt"),
        pytest.param(replace(CALM, phase=Phase.UNPROVEN, needs_reconfirm=True), ACCESS, SUSPECT_EVERY, id="or held"),
        pytest.param(BAD, replace(ACCESS, interval=20 * SECOND), 20 * SECOND, id="never more rarely than it is"),
        pytest.param(BAD, replace(PORTAL, interval=HOUR), HOUR, id="others keep their interval"),
    ],
)
def test_period(state: ProbeState, settings: ProbePolicy, period: timedelta) -> None:
    """Deciding probes are tried every minute while bad; nobody else is hurried."""
    first, _ = due(state, settings)
    second, _ = due(state, settings, ended=first, now=first)
    assert second - first == period


@BOUNDED
@given(INTERVALS, st.text("abc-", min_size=1, max_size=9), GRIDS)
def test_the_first_attempt_comes_soon(interval: timedelta, name: str, grid: Grid) -> None:
    """After a start nobody waits for a long interval."""
    settings = replace(PORTAL, name=name, interval=interval)
    when, why = due(CALM, settings, ended=None, grid=grid)
    assert START <= when < START + min(interval / 3, FIRST_WITHIN)
    assert why is Attempt.SCHEDULED


def test_starts_are_spread() -> None:
    """A thousand probes start in every tenth of their interval, none of which takes a fifth of them."""
    period = 15 * SECOND
    grid = grid_of("prod", "main", many(1000, period))
    tenths = [0] * 10
    for number in range(1000):
        tenths[offset(Slots("payments", f"probe-{number}", grid), period) * 10 // period] += 1
    assert min(tenths) > 50
    assert max(tenths) < 200


def test_platforms_don_t_start_together() -> None:
    """Probes of one name on two platforms have different offsets."""
    assert offset(Slots("payments", "portal"), HOUR) != offset(Slots("ledger", "portal"), HOUR)


@BOUNDED
@given(st.one_of(INTERVALS, st.timedeltas(100 * MILLISECOND, MINUTE)), st.text(max_size=20), GRIDS)
def test_offset_is_within_the_period(interval: timedelta, name: str, grid: Grid) -> None:
    """An offset is at least zero and less than the period."""
    assert timedelta(0) <= offset(Slots("payments", name, grid), interval) < interval


@pytest.mark.parametrize("state", [CALM, SUSPECT, BAD])
def test_a_clock_set_back_delays_nothing(state: ProbeState) -> None:
    """An end that lies in the future counts as now: the next attempt is not an hour away."""
    when, _ = due(state, ended=START + HOUR, now=START)
    assert START < when <= START + 15 * SECOND


@BOUNDED
@given(st.sampled_from([CALM, SUSPECT, BAD]), INTERVALS, st.one_of(st.none(), SECONDS), SECONDS)
def test_never_in_the_past(state: ProbeState, interval: timedelta, ended: timedelta | None, later: timedelta) -> None:
    """Whatever happened, the next attempt is due now or later, and within its interval or the pause of a round."""
    settings = replace(PORTAL, interval=interval)
    now = START + later
    when, _ = due(state, settings, ended=None if ended is None else START + ended, now=now)
    assert now <= when <= now + max(interval + EARLY, settings.confirm_every)
