"""When a probe's next attempt is due, and why it is made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.outcome import Attempt
from monitor.model.policy import ProbePolicy
from monitor.model.state import ProbeState
from monitor.model.verdict import Phase, Role
from monitor.rules.schedule import FIRST_WITHIN, SUSPECT_EVERY, next_attempt, offset
from tests.support.clock import START
from tests.support.rulings import BOUNDED, HOUR, MINUTE, SECOND, probe

PORTAL = probe()
ACCESS = replace(probe("access", role=Role.DECIDING), interval=5 * MINUTE, confirm_every=30 * SECOND)
CALM = ProbeState("f0", phase=Phase.GOOD)
BAD = replace(CALM, phase=Phase.BAD)
SUSPECT = replace(CALM, round_bad=1, round_since=START)
SECONDS = st.integers(0, 10**6).map(lambda number: timedelta(milliseconds=number))
INTERVALS = st.sampled_from([SECOND, 7 * SECOND, 15 * SECOND, MINUTE, 5 * MINUTE, HOUR, 24 * HOUR])


def due(
    state: ProbeState, settings: ProbePolicy = PORTAL, *, ended: datetime | None = START, now: datetime = START
) -> tuple[datetime, Attempt]:
    """Return the next attempt on platform `payments`."""
    return next_attempt(state, settings, platform="payments", last_ended_at=ended, now=now)


def test_next_slot() -> None:
    """A calm probe is tried at the first slot after its last attempt ended."""
    when, why = due(CALM)
    assert START < when <= START + 15 * SECOND
    assert why is Attempt.SCHEDULED


@BOUNDED
@given(INTERVALS, SECONDS)
def test_slots_are_a_grid(interval: timedelta, late: timedelta) -> None:
    """Slots are whole intervals apart, whenever one asks."""
    settings = replace(PORTAL, interval=interval)
    first, _ = due(CALM, settings)
    later, _ = due(CALM, settings, ended=START + late, now=START + late)
    assert (later - first) % interval == timedelta(0)
    assert START + late < later <= START + late + interval


@BOUNDED
@given(INTERVALS)
def test_slots_are_the_same_after_a_restart(interval: timedelta) -> None:
    """The grid hangs on nothing but platform, probe and interval."""
    settings = replace(PORTAL, interval=interval)
    slot, _ = due(CALM, settings)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert (slot - epoch) % interval == offset("payments", "portal", interval)


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
@given(INTERVALS, st.text("abc-", min_size=1, max_size=9))
def test_the_first_attempt_comes_soon(interval: timedelta, name: str) -> None:
    """After a start nobody waits for a long interval."""
    settings = replace(PORTAL, name=name, interval=interval)
    when, why = due(CALM, settings, ended=None)
    assert START <= when < START + min(interval / 3, FIRST_WITHIN)
    assert why is Attempt.SCHEDULED


def test_starts_are_spread() -> None:
    """A thousand probes start in every tenth of their interval, none of which takes a fifth of them."""
    period = 15 * SECOND
    tenths = [0] * 10
    for number in range(1000):
        tenths[offset("payments", f"probe-{number}", period) * 10 // period] += 1
    assert min(tenths) > 50
    assert max(tenths) < 200


def test_platforms_don_t_start_together() -> None:
    """Probes of one name on two platforms have different offsets."""
    assert offset("payments", "portal", HOUR) != offset("ledger", "portal", HOUR)


@BOUNDED
@given(INTERVALS, st.text(max_size=20))
def test_offset_is_within_the_period(interval: timedelta, name: str) -> None:
    """An offset is at least zero and less than the period."""
    assert timedelta(0) <= offset("payments", name, interval) < interval


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
    assert now <= when <= now + max(interval, settings.confirm_every)
