"""When windows that come back are in force: by example over changes of clocks, and beside a walk second by second."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glasswatch.spans import Span, merge
from glasswatch.zones import zone
from monitor.model.maintenance import Calendar
from monitor.rules import recurrence
from monitor.rules.recurrence import WORDS, around, is_on, spans
from tests.support.rulings import BOUNDED, HOUR, INSTANT, MINUTE, SECOND

DAY = timedelta(days=1)
BERLIN = "Europe/Berlin"
# Where clocks change, skip half an hour, skipped a whole day, never change, or change at midnight.
ZONES = (BERLIN, "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata", "UTC", "America/Sao_Paulo")


def calendar(*days: str, at: str = "02:00", lasts: timedelta = 2 * HOUR, timezone: str = BERLIN) -> Calendar:
    """Return a calendar of these days."""
    return Calendar(days, at, lasts, timezone)


def utc(text: str) -> datetime:
    """Return an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(found: Calendar, since: str, until: str) -> list[str]:
    """Return its spans between two instants, short."""
    held = spans(found, Span(utc(since), utc(until)))
    return [f"{span.start:%m-%d %H:%M}/{span.end:%m-%d %H:%M}" for span in held]


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (("daily",), 31),
        (("tuesday",), 5),
        (("first tuesday",), 1),
        (("first tuesday", "last friday"), 2),
        (("31",), 1),
        (("last day", "31"), 1),
        (("1", "15", "last day"), 3),
        (("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 31),
    ],
)
def test_days_are_those_of_the_words(days: tuple[str, ...], found: int) -> None:
    """In December 2026, which begins on a Tuesday and has five of them."""
    assert len(spans(calendar(*days), Span(utc("2026-12-01T00:00"), utc("2027-01-01T00:00")))) == found


@pytest.mark.parametrize(
    ("word", "days"),
    [
        ("first tuesday", [1]),
        ("second tuesday", [8]),
        ("third tuesday", [15]),
        ("fourth tuesday", [22]),
        ("last tuesday", [29]),
        ("last thursday", [31]),
        ("last day", [31]),
        ("31", [31]),
        ("9", [9]),
    ],
)
def test_which_days_a_word_names(word: str, days: list[int]) -> None:
    """Of December 2026."""
    on = [day for day in range(1, 32) if is_on(calendar(word), date(2026, 12, day))]
    assert on == days


@pytest.mark.parametrize(
    ("year", "word", "found"), [(2028, "29", True), (2027, "29", False), (2028, "last day", True), (2028, "30", False)]
)
def test_a_leap_day_is_the_last_of_its_month(year: int, word: str, *, found: bool) -> None:
    """A month without the day leaves it out; its last day is always there."""
    assert is_on(calendar(word), date(year, 2, 28) + DAY) is found


def test_every_word_names_a_day_within_a_leap_year() -> None:
    """No word is for nothing."""
    year = [date(2028, 1, 1) + number * DAY for number in range(366)]
    assert [word for word in WORDS if not any(is_on(calendar(word), day) for day in year)] == []


def test_it_lasts_as_long_in_the_night_that_is_short() -> None:
    """Berlin, 29 March 2026: 02:00 becomes 03:00. Three hours from 01:00 are three hours."""
    assert shown(calendar("daily", at="01:00", lasts=3 * HOUR), "2026-03-28T12:00", "2026-03-29T12:00") == [
        "03-29 00:00/03-29 03:00"
    ]


def test_a_time_that_is_skipped_comes_as_much_later() -> None:
    """02:30 of that night is 03:30; on the next day it is 02:30 again."""
    assert shown(calendar("daily", at="02:30", lasts=HOUR), "2026-03-28T12:00", "2026-03-30T12:00") == [
        "03-29 01:30/03-29 02:30",
        "03-30 00:30/03-30 01:30",
    ]


def test_a_time_that_comes_twice_is_the_first() -> None:
    """Berlin, 25 October 2026: 03:00 becomes 02:00, and 02:30 comes twice."""
    assert shown(calendar("daily", at="02:30", lasts=HOUR), "2026-10-24T12:00", "2026-10-25T12:00") == [
        "10-25 00:30/10-25 01:30"
    ]


def test_a_whole_day_may_be_skipped() -> None:
    """Samoa had no 30 December 2011: its window is the next day's."""
    found = calendar("30", at="12:00", lasts=HOUR, timezone="Pacific/Apia")
    assert shown(found, "2011-12-28T00:00", "2012-01-02T00:00") == ["12-30 22:00/12-30 23:00"]


def test_what_overlaps_or_touches_is_one() -> None:
    """A window of a day every day is one without end; one of 25 h overlaps itself."""
    for lasts in (24 * HOUR, 25 * HOUR):
        found = spans(
            calendar("daily", at="00:00", lasts=lasts, timezone="UTC"), Span(utc("2026-12-01"), utc("2026-12-04"))
        )
        assert found == [Span(utc("2026-12-01"), utc("2026-12-04"))]


def test_it_is_cut_to_what_is_asked_for() -> None:
    """Half-open on both sides; what is empty isn't there."""
    found = calendar("daily", at="02:00", lasts=2 * HOUR, timezone="UTC")
    assert shown(found, "2026-12-01T03:00", "2026-12-01T03:30") == ["12-01 03:00/12-01 03:30"]
    assert shown(found, "2026-12-01T04:00", "2026-12-02T02:00") == []
    assert shown(found, "2026-12-01T02:00", "2026-12-01T02:00") == []


@pytest.mark.parametrize(
    "name", ["Europe/Berln", "", "../UTC", "/etc/localtime", "Europe", "Europe/", "a" * 200, "UTC\n", "Ü"]
)
def test_a_zone_that_this_machine_does_not_know_gives_nothing(name: str) -> None:
    """Nothing is kept quiet for it, and nothing breaks."""
    assert zone(name) is None
    assert spans(calendar("daily", timezone=name), Span(utc("2026-12-01"), utc("2026-12-31"))) == []
    assert around(calendar("daily", timezone=name), utc("2026-12-01")) == (None, None)


def test_the_ends_of_time_are_no_trouble() -> None:
    """Whatever is asked for."""
    everything = Span(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    late = Span(datetime.max.replace(tzinfo=UTC) - DAY, datetime.max.replace(tzinfo=UTC))
    assert spans(calendar("last day"), late) == []
    assert len(spans(calendar("29 ".strip()), Span(everything.start, utc("1901-01-01")))) == 11


# beside a walk through time


def walked(found: Calendar, within: Span, step: timedelta) -> list[Span]:
    """Return the spans by walking: each time the clock on the wall comes to `at`, of a day that counts, it begins.

    Where the clock leaps over it, it begins as long after the leap as it was after the start of what was skipped.
    """
    where, at = ZoneInfo(found.timezone), time.fromisoformat(found.at)
    begun: set[date] = set()
    begins: list[datetime] = []
    now = within.start - found.lasts - 2 * DAY
    before = now.astimezone(where).replace(tzinfo=None)
    while now < within.end:
        local = now.astimezone(where).replace(tzinfo=None)
        leap = max(local - before - step, timedelta())
        days = {local.date(), *((before + n * DAY).date() for n in range((local - before) // DAY + 1))}
        for day in sorted(days):
            wanted = datetime.combine(day, at)
            is_now, is_skipped = local == wanted, leap and before + step <= wanted < local
            if (is_now or is_skipped) and day not in begun and is_on(found, day):
                begun.add(day)
                begins.append(now if is_now else now + (wanted - before - step))
        before, now = local, now + step
    found_spans = (Span(begin, begin + found.lasts).intersect(within) for begin in begins)
    return merge(span for span in found_spans if span is not None)


# Days around which clocks change, months end, or a year leaps.
TURNS = st.sampled_from(
    [
        *("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-04", "2026-10-03", "2011-12-29"),
        *("2018-11-04", "2018-02-17", "2028-02-28", "2027-02-27", "2026-12-31", "2026-04-29"),
    ]
)


@st.composite
def calendars(draw: st.DrawFn, least: timedelta = MINUTE) -> Calendar:
    """Return any calendar whose windows are short beside a few days."""
    days = tuple(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6, unique=True)))
    at = f"{draw(st.integers(0, 23)):02}:{draw(st.integers(0, 59)):02}"
    lasts = draw(st.integers(least // MINUTE, 30 * 60)) * MINUTE
    return Calendar((*days, *draw(st.sampled_from([(), ("daily",)]))), at, lasts, draw(st.sampled_from(ZONES)))


@given(calendars(), TURNS, st.integers(0, 48 * 60))
@settings(parent=BOUNDED, max_examples=30)
def test_as_a_walk_minute_by_minute_finds_it(found: Calendar, day: str, offset: int) -> None:
    """Over changes of clocks, leap days and ends of months."""
    start = utc(day) - DAY + offset * MINUTE
    within = Span(start, start + 2 * DAY)
    assert spans(found, within) == walked(found, within, MINUTE)


@pytest.mark.parametrize(
    ("day", "timezone", "at"),
    [("2026-03-29", BERLIN, "02:30"), ("2026-10-25", BERLIN, "02:30"), ("2026-04-04", "Australia/Lord_Howe", "01:45")],
)
def test_as_a_walk_second_by_second_finds_it(day: str, timezone: str, at: str) -> None:
    """Where clocks change."""
    found = calendar("daily", at=at, lasts=2 * HOUR, timezone=timezone)
    within = Span(utc(day), utc(day) + DAY)
    assert spans(found, within) == walked(found, within, SECOND)


@given(calendars(), TURNS, st.integers(0, 96 * 60))
@settings(parent=BOUNDED, max_examples=200)
def test_around_an_instant_is_what_the_spans_say(found: Calendar, day: str, offset: int) -> None:
    """The span that holds it, whole, and the next one."""
    at = utc(day) - 2 * DAY + offset * MINUTE
    here, then = around(found, at)
    near = spans(found, Span(at - 40 * DAY, at + 90 * DAY))
    holding = [span for span in near if span.contains(at)]
    after = [span for span in near if span.start > at]
    assert (here is not None) is bool(holding)
    if here is not None and here.start > at - 40 * DAY and here.end < at + 60 * DAY:
        assert here == holding[0]
    if then is not None and then.end < at + 60 * DAY:
        assert then == after[0]
    assert then is None or then.start > at


@given(calendars(), TURNS)
def test_a_part_of_a_time_has_its_part_of_the_spans(found: Calendar, day: str) -> None:
    """However it is cut, the parts make the whole."""
    start, end = utc(day) - 2 * DAY, utc(day) + 2 * DAY
    middle = start + (end - start) / 3
    parts = [*spans(found, Span(start, middle)), *spans(found, Span(middle, end))]
    assert merge(parts) == spans(found, Span(start, end))


def test_the_next_one_is_found_however_far_it_is() -> None:
    """From the 31st of a month to the next one are two months at most."""
    at = utc("2026-12-31T12:00")
    _, then = around(calendar("31", at="02:00", timezone="UTC"), at)
    assert then is not None
    assert then.start == utc("2027-01-31T02:00")
    _, then = around(calendar("30", at="02:00", timezone="UTC"), utc("2027-01-30T02:00") + INSTANT)
    assert then is not None
    assert then.start == utc("2027-03-30T02:00")
    assert utc("2027-03-31") - utc("2027-01-28") < recurrence._LOOK_AHEAD
