"""Availability against a second, naive reckoning that looks at every second by itself."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.spans import Span
from monitor.model.state import Outage
from monitor.rules.sla import (
    BURNS,
    History,
    Tier,
    Unmeasured,
    account,
    budget_remaining,
    budget_seconds,
    burn_rate,
    burning,
    counted_seconds,
    credit,
    month,
    quarter,
    rolling,
)
from tests.support.rulings import BOUNDED, HOUR, MINUTE, SECOND

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
HORIZON = 60
BERLIN = ZoneInfo("Europe/Berlin")


def _at(second: int) -> datetime:
    return BEGIN + timedelta(seconds=second)


def _span(first: int, last: int) -> Span:
    return Span(_at(first), _at(last))


def _outage(first: int, last: int | None, *, good: tuple[int, int] | None = None) -> Outage:
    return Outage(
        id=f"payments-{first}",
        platform="payments",
        opened_at=_at(first),
        confirmed_at=_at(first + 2),
        functions=("sign_in",),
        openers=("portal",),
        reason="",
        ended_at=None if last is None else _at(last),
        interruptions=() if good is None else ((_at(good[0]), _at(good[1])),),
    )


SECONDS = st.integers(0, HORIZON)
PAIRS = st.tuples(SECONDS, SECONDS).map(lambda pair: (min(pair), max(pair)))
SPANS = st.lists(PAIRS, max_size=4)


@dataclass(frozen=True)
class Told:
    """A history in whole seconds."""

    outages: list[tuple[int, int | None]]
    unmeasured: list[tuple[int, int]]
    excluded: list[tuple[int, int]]
    watched_since: int
    now: int

    def history(self) -> History:
        """Return it as the rules take it."""
        return History(
            [_outage(*each) for each in self.outages],
            [_span(*each) for each in self.unmeasured],
            [_span(*each) for each in self.excluded],
            _at(self.watched_since),
            _at(self.now),
        )

    def what(self, second: int) -> str:
        """Say what a second was, looking at nothing else."""
        if second >= self.now:
            return "to come"
        if any(first <= second < last for first, last in self.excluded):
            return "excluded"
        if second < self.watched_since or any(first <= second < last for first, last in self.unmeasured):
            return "unmeasured"
        is_down = any(first <= second < (HORIZON if last is None else last) for first, last in self.outages)
        return "down" if is_down else "up"


HISTORIES = st.builds(
    Told,
    st.lists(
        st.tuples(SECONDS, SECONDS, st.booleans()).map(
            lambda each: (min(each[:2]), None if each[2] else max(each[:2]))
        ),
        max_size=3,
    ),
    SPANS,
    SPANS,
    SECONDS,
    SECONDS,
)


@BOUNDED
@given(HISTORIES, PAIRS, st.sampled_from(list(Unmeasured)))
def test_each_second_is_counted_as_what_it_is(told: Told, period: tuple[int, int], policy: Unmeasured) -> None:
    """Whatever overlaps what, and however much of it lies outside."""
    found = account(told.history(), _span(*period), policy)
    seconds = [told.what(second) for second in range(*period)]
    counts = {what: seconds.count(what) for what in ("up", "down", "unmeasured", "excluded")}
    assert found.up_seconds == counts["up"]
    assert found.down_seconds == counts["down"]
    assert found.unmeasured_seconds == counts["unmeasured"]
    assert found.excluded_seconds == counts["excluded"]
    measured = counts["up"] + counts["down"]
    left = measured + counts["unmeasured"]
    counted = measured if policy is Unmeasured.LEFT_OUT else left
    good = counts["up"] + (counts["unmeasured"] if policy is Unmeasured.UP else 0)
    assert found.availability == (pytest.approx(good / counted) if counted else None)
    assert found.coverage == (pytest.approx(measured / left) if left else None)


@BOUNDED
@given(HISTORIES, SECONDS)
def test_a_period_is_the_sum_of_its_parts(told: Told, at: int) -> None:
    """Cut anywhere, nothing is lost and nothing counts twice."""
    history = told.history()
    whole, first, second = (account(history, _span(*each)) for each in ((0, HORIZON), (0, at), (at, HORIZON)))
    for name in ("up_seconds", "down_seconds", "unmeasured_seconds", "excluded_seconds"):
        assert getattr(whole, name) == getattr(first, name) + getattr(second, name)


@BOUNDED
@given(HISTORIES, PAIRS)
def test_each_outage_counts_by_its_own_part(told: Told, period: tuple[int, int]) -> None:
    """As far as it was on in the period, measured and not in maintenance; and has times only if it was ever outside."""
    history, found = told.history(), account(told.history(), _span(*period))
    parts = [
        [second for second in range(first, HORIZON if last is None else last) if told.what(second) == "down"]
        for first, last in told.outages
    ]
    counted = [counted_seconds(history, each, _span(*period)) for each in history.outages]
    assert counted == [sum(period[0] <= second < period[1] for second in part) for part in parts]
    assert found.outages == sum(seconds > 0 for seconds in counted)
    known = [
        each
        for each in told.outages
        if any(
            not any(first <= second < last for first, last in told.excluded)
            for second in range(each[0], min(told.now, HORIZON if each[1] is None else each[1]))
        )
    ]
    assert (found.detect_seconds is not None) == any(period[0] <= first < period[1] for first, _ in known)
    ended = [last - first for first, last in known if last is not None and period[0] <= last < period[1]]
    assert found.recover_seconds == (pytest.approx(sum(ended) / len(ended)) if ended else None)


def test_interruptions_are_no_downtime() -> None:
    """The good span within an outage that came back is up."""
    history = History([_outage(10, 40, good=(20, 25))], [], [], BEGIN, _at(60))
    found = account(history, _span(0, 60))
    assert (found.down_seconds, found.up_seconds, found.outages) == (25, 35, 1)
    assert (found.detect_seconds, found.recover_seconds) == (2, 25)


def test_an_outage_over_the_end_of_a_month_is_in_both() -> None:
    """Each has its own part; detection belongs to where it began, recovery to where it ended."""
    opened = datetime(2026, 3, 31, 23, 0, tzinfo=UTC)
    outage = replace(_outage(0, None), opened_at=opened, confirmed_at=opened + MINUTE, ended_at=opened + 3 * HOUR)
    history = History([outage], [], [], BEGIN, opened + 24 * HOUR)
    march, april = (account(history, month(at, UTC)) for at in (opened, opened + 2 * HOUR))
    assert (march.down_seconds, april.down_seconds) == (3600, 7200)
    assert (march.outages, april.outages) == (1, 1)
    assert (march.detect_seconds, april.detect_seconds) == (60, None)
    assert (march.recover_seconds, april.recover_seconds) == (None, 3 * 3600)


@pytest.mark.parametrize(
    ("at", "zone", "days"),
    [
        (datetime(2024, 2, 10, tzinfo=UTC), UTC, 29),
        (datetime(2026, 2, 10, tzinfo=UTC), UTC, 28),
        (datetime(2026, 3, 10, tzinfo=UTC), BERLIN, 31 - 1 / 24),  # summer time begins
        (datetime(2026, 10, 10, tzinfo=UTC), BERLIN, 31 + 1 / 24),  # and ends
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), BERLIN, 31),  # January there
    ],
)
def test_months_are_as_long_as_they_are(at: datetime, zone: ZoneInfo, days: float) -> None:
    """Leap days and summer time included; an instant lies in its own month."""
    found = month(at, zone)
    assert found.seconds == pytest.approx(days * 86400)
    assert found.contains(at)


def test_quarters_are_three_months() -> None:
    """Of the zone: the last one ends where the next year begins there."""
    at = datetime(2026, 11, 5, tzinfo=UTC)
    months = [month(datetime(2026, number, 15, tzinfo=UTC), BERLIN) for number in (10, 11, 12)]
    assert quarter(at, BERLIN) == Span(months[0].start, months[-1].end)
    assert quarter(at, BERLIN).end == datetime(2027, 1, 1, tzinfo=BERLIN)


def test_a_month_that_begins_in_a_gap_begins_with_what_follows() -> None:
    """Where clocks skip midnight, neighbours still touch."""
    zone = ZoneInfo("America/Asuncion")  # on 1 October 2023 clocks went from 00:00 to 01:00
    september, october = (month(datetime(2023, number, 15, tzinfo=UTC), zone) for number in (9, 10))
    assert september.end == october.start == datetime(2023, 10, 1, 4, tzinfo=UTC)


def test_an_outage_that_was_all_maintenance_is_no_outage() -> None:
    """Neither counted nor found nor recovered from; of one that outlasts it, all of it is."""
    history = History([_outage(10, 20), _outage(40, 50)], [], [_span(5, 25), _span(35, 45)], BEGIN, _at(60))
    found = account(history, _span(0, 60))
    assert (found.outages, found.detect_seconds, found.recover_seconds, found.down_seconds) == (1, 2, 10, 5)


def test_an_objective_leaves_a_budget_of_the_whole_period() -> None:
    """Also of what is still to come; maintenance has none."""
    period = _span(0, 1000)
    history = History([_outage(100, 104)], [], [_span(500, 600)], BEGIN, _at(200))
    assert budget_seconds(history, period, 0.99) == pytest.approx(9)
    assert budget_remaining(history, period, 0.99) == pytest.approx(1 - 4 / 9)
    assert budget_remaining(history, period, 1.0) is None
    spent = replace(history, outages=[_outage(100, 118)])
    assert budget_remaining(spent, period, 0.99) == pytest.approx(-1)


def test_a_budget_is_spent_by_what_counts_as_down() -> None:
    """Time not measured spends it where the policy says so, and only there."""
    history = History([], [_span(0, 9)], [], BEGIN, _at(1000))
    left = [budget_remaining(history, _span(0, 1000), 0.99, policy) for policy in Unmeasured]
    assert left == pytest.approx([1.0, 0.1, 1.0])


def _down_for(length: timedelta, *, ago: timedelta = timedelta(0)) -> History:
    now = BEGIN + timedelta(days=10)
    ended = now - ago
    outage = replace(_outage(0, None), opened_at=ended - length, confirmed_at=ended, ended_at=ended)
    return History([outage], [], [], BEGIN, now)


def test_burn_rate_is_times_as_fast_as_allowed() -> None:
    """36 s of an hour, where a thousandth may be down, is ten times too fast."""
    assert burn_rate(_down_for(36 * SECOND), HOUR, 0.999) == pytest.approx(10)
    assert burn_rate(_down_for(36 * SECOND), HOUR, 1.0) is None
    unwatched = replace(_down_for(MINUTE), watched_since=BEGIN + timedelta(days=10))
    assert burn_rate(unwatched, HOUR, 0.999) is None


@pytest.mark.parametrize(
    ("length", "ago", "fires"),
    [
        (52 * SECOND, timedelta(0), [14.4]),  # 14.4 times a thousandth of an hour
        (51 * SECOND, timedelta(0), []),
        (15 * SECOND, timedelta(0), []),  # one lost attempt more or less
        (2 * MINUTE, 10 * MINUTE, []),  # over for longer than the short window of the first, too short for the others
        (3 * MINUTE, 10 * MINUTE, [6.0]),
        (20 * MINUTE, timedelta(0), [14.4, 6.0, 3.0, 1.0]),
    ],
)
def test_both_windows_must_burn(length: timedelta, ago: timedelta, fires: list[float]) -> None:
    """The long one so that little doesn't page, the short one so that what is over doesn't."""
    assert [burn.factor for burn in burning(_down_for(length, ago=ago), 0.999)] == fires


def test_little_in_a_window_that_is_hardly_measured_yet_does_not_page() -> None:
    """Half a minute of the first ten that were ever watched is no month's budget burning, as long as it may be."""
    down = _down_for(40 * SECOND)
    begun = replace(down, watched_since=down.now - 10 * MINUTE)
    assert burn_rate(begun, 6 * HOUR, 0.999) == pytest.approx(1000 * 40 / 600)
    assert burning(begun, 0.999) == ()
    longer = replace(_down_for(3 * MINUTE), watched_since=down.now - 10 * MINUTE)
    assert [burn.factor for burn in burning(longer, 0.999)] == [14.4, 6.0]


def test_windows_are_the_workbooks() -> None:
    """As in chapter 5, table 5-8, with the pair for three days."""
    minutes = [(burn.short / MINUTE, burn.long / MINUTE, burn.factor) for burn in BURNS]
    assert minutes == [(5, 60, 14.4), (30, 360, 6), (120, 1440, 3), (360, 4320, 1)]


def test_credits_are_the_largest_that_apply() -> None:
    """Half-open: an availability exactly at a bound is not below it; unknown earns nothing."""
    tiers = (Tier(0.999, 0.1), Tier(0.99, 0.25))
    given_back = [credit(each, tiers) for each in (1.0, 0.999, 0.9989, 0.99, 0.9, None)]
    assert given_back == [0, 0, 0.1, 0.1, 0.25, 0]


def test_a_rolling_window_ends_now() -> None:
    """And does not hold this instant itself."""
    now = _at(30)
    assert rolling(10 * SECOND, now) == _span(20, 30)
