"""The clocks held against each other: leaps, creeping, sleep, and none mistaken for another."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.page import PageStatus, Severity
from monitor.rules.clock import (
    LEAST,
    STEADY,
    TRUSTED,
    ClockState,
    Reading,
    Shift,
    ShiftKind,
    begin,
    doubted,
    is_steady,
    is_trusted,
    look,
)
from monitor.rules.clockpages import clock_page, clock_page_over
from tests.support.clock import START


class _Machine:
    """A machine whose clocks a test moves; it is looked at after each move."""

    def __init__(self) -> None:
        self.wall = START
        self.monotonic = 500.0
        self.slept = 0.0
        self.state: ClockState = begin(self.read())
        self.seen: list[Shift] = []

    def read(self, *, read_for: float = 0.0) -> Reading:
        """Return what its clocks show."""
        return Reading(self.wall, self.monotonic, self.monotonic + self.slept, read_for)

    def passes(
        self, seconds: float = 1.0, *, leap: float = 0.0, sleep: float = 0.0, read_for: float = 0.0
    ) -> list[Shift]:
        """Let time pass and look; return what was seen."""
        self.monotonic += seconds
        self.slept += sleep
        self.wall += timedelta(seconds=seconds + sleep + leap)
        self.state, shifts = look(self.state, self.read(read_for=read_for))
        self.seen += shifts
        return shifts


def told(shifts: list[Shift]) -> list[tuple[ShiftKind, float, bool]]:
    """Return the gist of them."""
    return [(each.kind, round(each.by.total_seconds(), 3), each.is_sudden) for each in shifts]


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        ({}, []),
        ({"seconds": 4000}, []),
        ({"leap": 5}, []),
        ({"leap": -5}, []),
        ({"leap": 5.5}, [(ShiftKind.FORWARD, 5.5, True)]),
        ({"leap": -3600}, [(ShiftKind.BACK, 3600, True)]),
        ({"sleep": 4.9}, []),
        ({"sleep": 7200}, [(ShiftKind.SLEPT, 7200, True)]),
        ({"sleep": 600, "leap": -60}, [(ShiftKind.SLEPT, 600, True), (ShiftKind.BACK, 60, True)]),
        ({"leap": 90, "read_for": 2.0}, []),
    ],
)
def test_what_one_look_sees(move: dict[str, float], expected: list[tuple[ShiftKind, float, bool]]) -> None:
    """A leap is told by how far it went, sleep is no leap, a process held up is neither, a blurred reading nothing."""
    machine = _Machine()
    assert told(machine.passes(**move)) == expected
    if "read_for" not in move:
        assert machine.passes() == []


def test_what_a_blurred_reading_hid_is_seen_by_the_next() -> None:
    """It is put off, not lost."""
    machine = _Machine()
    machine.passes(leap=90, read_for=2.0)
    assert told(machine.passes()) == [(ShiftKind.FORWARD, 90, True)]


def test_a_clock_that_creeps_away_is_told_of_once_it_is_far() -> None:
    """A tenth of a second each time: by more than 5 s in all, again after as much again, and as what it is."""
    machine = _Machine()
    for _ in range(120):
        machine.passes(leap=-0.1)
    assert told(machine.seen) == [(ShiftKind.BACK, 5.1, False), (ShiftKind.BACK, 5.1, False)]


def test_a_leap_says_what_the_clock_should_have_shown() -> None:
    """In the page too."""
    machine = _Machine()
    (shift,) = machine.passes(leap=3600)
    assert (shift.was, shift.now) == (START + timedelta(seconds=1), START + timedelta(seconds=3601))
    page = clock_page("prod", "fra-1", shift)
    assert page.summary == "the clock of glasswatch prod/fra-1 was set forward by 1h"
    assert "shows 2026-03-01 04:00:01Z where 2026-03-01 03:00:01Z was due" in page.reason
    assert (page.dedup_key, page.status, page.severity) == ("prod/clock@fra-1", PageStatus.FIRING, Severity.PAGE)


@pytest.mark.parametrize(("leap", "severity"), [(60, Severity.TICKET), (-60, Severity.TICKET), (61, Severity.PAGE)])
def test_what_readers_bear_is_a_ticket(leap: float, severity: Severity) -> None:
    """More of it wakes somebody."""
    (shift,) = _Machine().passes(leap=leap)
    assert clock_page("prod", "main", shift).severity is severity


def test_it_is_over_under_the_same_key() -> None:
    """As a ticket: nobody is woken for it."""
    page = clock_page_over("prod", "main", START)
    assert (page.dedup_key, page.status, page.severity) == ("prod/clock@main", PageStatus.RESOLVED, Severity.TICKET)


def test_steady_and_trusted_come_back_with_real_time() -> None:
    """Not with what the wall clock says; sleep counts, a leap begins both anew."""
    machine = _Machine()
    assert is_steady(machine.state)
    assert is_trusted(machine.state)
    machine.passes(leap=400 * 86_400)
    assert not is_steady(machine.state)
    machine.passes(STEADY.total_seconds() - 1)
    assert not is_steady(machine.state)
    machine.passes(1)
    assert is_steady(machine.state)
    assert not is_trusted(machine.state)
    machine.passes(sleep=TRUSTED.total_seconds())
    assert is_trusted(machine.state)
    assert not is_trusted(doubted(machine.state))


moves = st.tuples(
    st.floats(min_value=0.01, max_value=5000),
    st.one_of(st.just(0.0), st.floats(min_value=-1e6, max_value=1e6)),
    st.one_of(st.just(0.0), st.floats(min_value=0, max_value=1e6)),
)


@given(st.lists(moves, max_size=30))
def test_what_is_told_adds_up_to_what_happened(history: list[tuple[float, float, float]]) -> None:
    """Never off by more than the bound from a naive sum of leaps, and nothing is told of where nothing happened."""
    machine, offset, reported = _Machine(), 0.0, 0.0
    for seconds, leap, sleep in history:
        shifts = machine.passes(seconds, leap=leap, sleep=sleep)
        offset += leap
        signs = {ShiftKind.FORWARD: 1, ShiftKind.BACK: -1, ShiftKind.SLEPT: 0}
        reported += sum(signs[each.kind] * each.by.total_seconds() for each in shifts)
        assert abs(offset - reported) <= LEAST.total_seconds() + 0.01
        slept = [each.by.total_seconds() for each in shifts if each.kind is ShiftKind.SLEPT]
        assert (
            sum(slept) == pytest.approx(sleep if sleep >= LEAST.total_seconds() else 0, abs=0.01)
            or abs(sleep - 5) < 0.01
        )
    if not any(leap for _, leap, _ in history):
        assert all(each.kind is ShiftKind.SLEPT for each in machine.seen)
