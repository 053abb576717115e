"""When windows are in force, beside a walk through time; and what an SLA will ask."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glasswatch.spans import Span, subtract, total_seconds
from monitor.model.maintenance import Calendar, Ended, Origin, Range, Window
from monitor.rules import maintenance
from monitor.rules.maintenance import agreed, coming, covers, current, in_force, next_change, spans, up_to
from tests.support.clock import START
from tests.support.rulings import BOUNDED, HOUR, INSTANT, MINUTE

DAY = timedelta(days=1)
NIGHTS = Calendar(("daily",), "04:00", HOUR, "UTC")


def window(since: timedelta = timedelta(0), until: timedelta | None = HOUR, **changes: object) -> Window:
    """Return a window; times are counted from START."""
    made = {
        "id": "w",
        "platform": "payments",
        "origin": Origin.PERSON,
        "since": START + since,
        "until": None if until is None else START + until,
        "by": "anna",
        "agreed_at": START,
        "reason": "x",
    }
    return Window(**{**made, **changes})  # type: ignore[arg-type]  # the tests' values


def span(since: timedelta, until: timedelta) -> Span:
    """Return a span counted from START."""
    return Span(START + since, START + until)


ALWAYS = span(-30 * DAY, 30 * DAY)


def test_one_that_comes_once_is_in_force_from_its_start_to_its_end() -> None:
    """Half-open, and cut to what is asked for."""
    assert spans(window(), ALWAYS) == [span(timedelta(0), HOUR)]
    assert spans(window(), span(MINUTE, 2 * MINUTE)) == [span(MINUTE, 2 * MINUTE)]
    assert spans(window(), span(HOUR, DAY)) == []
    assert current(window(), START) == span(timedelta(0), HOUR)
    assert current(window(), START - INSTANT) is None
    assert current(window(), START + HOUR) is None


@pytest.mark.parametrize(
    ("ended", "found"),
    [
        (-MINUTE, []),
        (timedelta(0), []),
        (MINUTE, [span(timedelta(0), MINUTE)]),
        (2 * HOUR, [span(timedelta(0), HOUR)]),
    ],
)
def test_an_end_cuts_off_what_lies_behind(ended: timedelta, found: list[Span]) -> None:
    """An end is never moved, and gives nothing back."""
    assert spans(window(ended=Ended("ben", START + ended, "done")), ALWAYS) == found


def test_one_that_comes_back_does_so_within_its_bounds() -> None:
    """Cut at its start and at its end, in the middle of a night too."""
    found = spans(window(HOUR + HOUR / 2, DAY + HOUR + HOUR / 2, calendar=NIGHTS), ALWAYS)
    assert found == [span(HOUR * 1.5, HOUR * 2), span(DAY + HOUR, DAY + HOUR * 1.5)]


def test_what_comes_next() -> None:
    """While one is in force, the one after it; before the bounds, the first within them."""
    nights = window(until=None, calendar=NIGHTS)
    assert coming(nights, START) == span(HOUR, 2 * HOUR)
    assert coming(nights, START + HOUR) == span(DAY + HOUR, DAY + 2 * HOUR)
    assert coming(window(10 * DAY, 20 * DAY, calendar=NIGHTS), START) == span(10 * DAY + HOUR, 10 * DAY + 2 * HOUR)
    assert coming(window(HOUR * 1.5, None, calendar=NIGHTS), START) == span(HOUR * 1.5, HOUR * 2)
    assert coming(window(DAY, 2 * DAY), START) == span(DAY, 2 * DAY)
    assert coming(window(), START) is None
    assert coming(window(-DAY, HOUR, calendar=NIGHTS), START + HOUR) is None


def test_what_an_sla_asks() -> None:
    """Windows for the whole platform count for everything; others for what they are for."""
    windows = [
        window(),
        window(HOUR, 2 * HOUR, range=Range(("sign_in",))),
        window(3 * HOUR, 4 * HOUR, range=Range((), ("p",))),
    ]
    assert agreed(windows, ALWAYS) == [span(timedelta(0), HOUR)]
    assert agreed(windows, ALWAYS, "sign_in") == [span(timedelta(0), 2 * HOUR)]
    assert agreed(windows, ALWAYS, "approve") == [span(timedelta(0), HOUR)]
    assert maintenance.of_probe(windows, ALWAYS, "p") == [span(3 * HOUR, 4 * HOUR)]


def test_a_function_is_covered_by_parts() -> None:
    """One window for it after another; one probe's beside another's."""
    whole = up_to(START, START + 90 * MINUTE)
    halves = [window(range=Range(("f",))), window(HOUR, 2 * HOUR, range=Range(("f",)))]
    assert covers(halves, "f", ("p",), whole)
    assert not covers(halves[:1], "f", ("p",), whole)
    assert not covers([halves[0], window(HOUR + INSTANT, 2 * HOUR)], "f", ("p",), whole)
    probes = [window(until=2 * HOUR, range=Range((), ("p",))), window(until=2 * HOUR, range=Range((), ("q",)))]
    assert covers(probes, "f", ("p", "q"), whole)
    assert covers(probes, "f", ("p",), whole)
    assert not covers(probes, "f", ("p", "r"), whole)
    assert not covers(probes, "f", (), whole)
    assert not covers([], "f", ("p",), whole)


# beside a walk

OFFSETS = st.integers(-72 * 60, 72 * 60).map(lambda minutes: minutes * MINUTE)
RANGES = st.sampled_from([Range(), Range(("f",)), Range(("g",)), Range((), ("p",))])


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Return any window."""
    since = draw(OFFSETS)
    calendar = draw(st.sampled_from([None, NIGHTS, Calendar(("sunday", "2"), "23:30", 90 * MINUTE, "Europe/Berlin")]))
    until = draw(
        st.one_of(st.none() if calendar else st.nothing(), st.integers(1, 72 * 60).map(lambda n: since + n * MINUTE))
    )
    ended = draw(st.one_of(st.none(), OFFSETS.map(lambda at: Ended("ben", START + at, "x"))))
    return window(since, until, calendar=calendar, ended=ended, range=draw(RANGES))


@given(windows(), OFFSETS)
@BOUNDED
def test_now_is_what_the_spans_say(found: Window, offset: timedelta) -> None:
    """Whether it is in force at an instant, and until when."""
    now = START + offset
    held = [each for each in spans(found, Span(now - 10 * DAY, now + 10 * DAY)) if each.contains(now)]
    here = current(found, now)
    assert ([here] if here else []) == held
    assert bool(in_force([found], now)) is bool(held)


@given(st.lists(windows(), max_size=4), OFFSETS, st.integers(1, 72 * 60))
@BOUNDED
def test_nothing_changes_before_the_next_change(found: list[Window], offset: timedelta, minutes: int) -> None:
    """Whoever sleeps until then misses nothing."""
    now = START + offset
    change = next_change(found, now)
    later = now + minutes * MINUTE
    is_in_force = {each.window for each in in_force(found, now)}
    if change is None or later < change:
        assert {each.window for each in in_force(found, later)} == is_in_force
    assert change is None or change > now


@given(st.lists(windows(), max_size=4), OFFSETS, st.integers(1, 48 * 60))
@BOUNDED
def test_agreed_time_is_the_time_in_which_one_is_in_force(found: list[Window], offset: timedelta, minutes: int) -> None:
    """Minute by minute, for the platform and for a function."""
    within = Span(START + offset, START + offset + minutes * MINUTE)
    for function in (None, "f"):
        held = agreed(found, within, function)
        chosen = [each for each in found if each.range.is_all or function in each.range.functions]
        walk = (within.start + n * MINUTE for n in range(minutes))
        walked = sum(any(current(each, at) is not None for each in chosen) for at in walk)
        assert total_seconds(held) == walked * 60
        assert subtract(held, [within]) == []


@given(st.lists(windows(), max_size=4), OFFSETS, st.integers(1, 600))
@BOUNDED
def test_covered_is_covered_at_each_minute(found: list[Window], offset: timedelta, minutes: int) -> None:
    """From its failing until now, without a gap."""
    start = START + offset
    time = Span(start, start + minutes * MINUTE)

    def at(when: Span) -> bool:
        whole = bool(agreed(found, when, "f"))
        return whole or bool(maintenance.of_probe(found, when, "p"))

    each = (Span(start + n * MINUTE, start + (n + 1) * MINUTE) for n in range(minutes))
    assert covers(found, "f", ("p",), time) is all(at(when) for when in each)
