"""The calendar of drills: when a scenario is due and overdue, and what people are told of it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.drill import Cadence, CalendarKept, CalendarLine, DueLine, DueState, NotPassed, RunVerdict
from monitor.model.page import PageKind, PageStatus, Severity
from monitor.rules.drillcalendar import Here, Past, due_line, gone, tickets
from tests.support.clock import START

DAY = timedelta(days=1)
BIT = timedelta(microseconds=1)
HERE = Here("prod", "main")
QUARTERLY = CalendarLine("restore", "payments", Cadence.QUARTERLY)
YEARLY = CalendarLine("restore", "payments", Cadence.YEARLY)


def found(state: DueState, line: CalendarLine = QUARTERLY) -> DueLine:
    """Return a scenario that stands so."""
    return DueLine(line, START, START + 84 * DAY, START + 91 * DAY, state)


def kept(told: DueState, platform: str = "payments") -> CalendarKept:
    """Return what is kept of a scenario."""
    return CalendarKept(START, told, platform)


@pytest.mark.parametrize(
    ("line", "last", "after", "state"),
    [
        (QUARTERLY, START, 84 * DAY - BIT, DueState.NOT_DUE),
        (QUARTERLY, START, 84 * DAY, DueState.DUE),
        (QUARTERLY, START, 91 * DAY - BIT, DueState.DUE),
        (QUARTERLY, START, 91 * DAY, DueState.OVERDUE),
        (YEARLY, START, 351 * DAY - BIT, DueState.NOT_DUE),
        (YEARLY, START, 351 * DAY, DueState.DUE),
        (YEARLY, START, 365 * DAY - BIT, DueState.DUE),
        (YEARLY, START, 365 * DAY, DueState.OVERDUE),
        (QUARTERLY, None, timedelta(), DueState.DUE),
        (QUARTERLY, None, 91 * DAY - BIT, DueState.DUE),
        (QUARTERLY, None, 91 * DAY, DueState.OVERDUE),
        (YEARLY, None, 91 * DAY, DueState.OVERDUE),
    ],
)
def test_when_a_scenario_is_due(line: CalendarLine, last: datetime | None, after: timedelta, state: DueState) -> None:
    """After it passed last; or since it is known, where nobody has seen it pass."""
    assert due_line(line, Past(last), START, START + after).state is state


@given(
    cadence=st.sampled_from(Cadence),
    passed=st.none() | st.integers(-1000, 1000),
    known=st.integers(-1000, 1000),
    now=st.integers(-2000, 2000),
)
def test_a_scenario_is_never_overdue_before_it_is_due(
    cadence: Cadence, passed: int | None, known: int, now: int
) -> None:
    """And what it is follows from these times."""
    last = None if passed is None else START + passed * DAY
    line = due_line(CalendarLine("s", "p", cadence), Past(last), START + known * DAY, START + now * DAY)
    assert line.due < line.overdue
    assert (line.state is DueState.NOT_DUE) is (START + now * DAY < line.due)
    assert (line.state is DueState.OVERDUE) is (START + now * DAY >= line.overdue)


@pytest.mark.parametrize("told", DueState)
@pytest.mark.parametrize("state", DueState)
def test_one_ticket_fires_at_a_time(told: DueState, state: DueState) -> None:
    """What was told is over, and what holds is told; where both are one, nothing is."""
    pages = tickets(HERE, found(state), kept(told), START)
    kinds = {DueState.DUE: PageKind.DRILL_DUE, DueState.OVERDUE: PageKind.DRILL_OVERDUE}
    over = [(kinds[told], PageStatus.RESOLVED)] if told in kinds and told is not state else []
    fires = [(kinds[state], PageStatus.FIRING)] if state in kinds and told is not state else []
    assert [(page.kind, page.status) for page in pages] == over + fires
    assert {page.severity for page in pages} <= {Severity.TICKET}
    for page in pages:
        assert page.dedup_key == f"prod/payments/{page.kind}/restore@main"


def test_a_ticket_says_what_to_do() -> None:
    """Which scenario, when it passed last, and how it is run."""
    (page,) = tickets(HERE, found(DueState.OVERDUE), kept(DueState.NOT_DUE), START)
    assert page.summary == "payments: the drill restore is overdue: nobody knows that break-glass works"
    assert page.reason == "it passed last at 2026-03-01 03:00Z; it had to by 2026-05-31 03:00Z: drill run restore"
    never = due_line(QUARTERLY, Past(), START, START)
    (page,) = tickets(HERE, never, kept(DueState.NOT_DUE), START)
    assert (page.summary, page.reason.partition(";")[0]) == (
        "payments: the drill restore is due",
        "it never passed here",
    )


def test_a_ticket_says_how_the_last_run_ended() -> None:
    """It is due at once; what passed before does not speak for it."""
    ran = NotPassed(RunVerdict.FAILED, START + DAY)
    line = due_line(QUARTERLY, Past(START, ran), START, START + DAY)
    (page,) = tickets(HERE, line, kept(DueState.NOT_DUE), START)
    assert (page.kind, page.summary) == (
        PageKind.DRILL_DUE,
        "payments: the drill restore is due: its last run did not pass",
    )
    assert page.reason == (
        "the last run failed at 2026-03-02 03:00Z; it passed last at 2026-03-01 03:00Z; "
        "overdue from 2026-05-31 03:00Z on: drill run restore"
    )


def test_a_scenario_that_moves_takes_its_ticket_along() -> None:
    """What fires of the other platform is over there."""
    pages = tickets(HERE, found(DueState.DUE), kept(DueState.DUE, "ledger"), START)
    assert [(page.platform, page.status) for page in pages] == [
        ("ledger", PageStatus.RESOLVED),
        ("payments", PageStatus.FIRING),
    ]
    assert tickets(HERE, found(DueState.NOT_DUE), kept(DueState.NOT_DUE, "ledger"), START) == ()


@pytest.mark.parametrize("told", DueState)
def test_what_leaves_the_calendar_is_over(told: DueState) -> None:
    """If anything was told of it."""
    pages = gone(HERE, "restore", kept(told), START)
    assert [page.status for page in pages] == ([] if told is DueState.NOT_DUE else [PageStatus.RESOLVED])
