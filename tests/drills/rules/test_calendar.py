"""When scenarios are due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from drills.model.calendar import Cadence, DueState, PastRun
from drills.model.verdict import Verdict
from drills.rules import calendar
from drills.rules.calendar import (
    Past,
    due,
    last,
    last_passed,
    last_that_acted,
    left_behind,
    passed_to_come,
    still_open,
    was_tried,
)
from monitor.model.drill import Cadence as TheirCadence
from monitor.model.drill import CalendarLine, DrillRun, NotPassed, RunVerdict
from monitor.rules.drillcalendar import Past as TheirPast
from monitor.rules.drillcalendar import clocks, due_line, last_run
from monitor.rules.drillcalendar import past as their_past
from tests.support.drill_register import begun, closing, ended

PASSED_AT = datetime(2026, 3, 1, 3, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
LATER = PASSED_AT + 1000 * DAY
SHA = "a" * 64


def run(verdict: Verdict = Verdict.PASSED, at: datetime = PASSED_AT, **more: object) -> PastRun:
    """Return a run of the scenario `door`."""
    given = {"run": f"door-{at:%Y%m%d%H%M}", "scenario": "door", "sha256": SHA, **more}
    return PastRun(at=at, verdict=verdict, **given)  # type: ignore[arg-type]  # what a test gives


def closed_there(name: str, verdict: RunVerdict = RunVerdict.PASSED, *, at: datetime) -> DrillRun:
    """Return a run as the monitor holds it."""
    return ended(begun(at, run=name, scenario="door"), at, closing(verdict))


@pytest.mark.parametrize(
    ("cadence", "after", "state"),
    [
        (Cadence.QUARTERLY, timedelta(), DueState.NOT_DUE),
        (Cadence.QUARTERLY, 84 * DAY - TICK, DueState.NOT_DUE),
        (Cadence.QUARTERLY, 84 * DAY, DueState.DUE),
        (Cadence.QUARTERLY, 91 * DAY - TICK, DueState.DUE),
        (Cadence.QUARTERLY, 91 * DAY, DueState.OVERDUE),
        (Cadence.YEARLY, 351 * DAY - TICK, DueState.NOT_DUE),
        (Cadence.YEARLY, 351 * DAY, DueState.DUE),
        (Cadence.YEARLY, 365 * DAY - TICK, DueState.DUE),
        (Cadence.YEARLY, 365 * DAY, DueState.OVERDUE),
        (Cadence.NONE, 10_000 * DAY, DueState.NOT_DUE),
    ],
)
def test_it_is_due_so_long_after_it_passed(cadence: Cadence, after: timedelta, state: DueState) -> None:
    """To the instant, on either side."""
    found = due(cadence, Past(SHA, run()), after_change=False, now=PASSED_AT + after)
    assert found.state is state


@pytest.mark.parametrize(
    ("cadence", "after_change", "state"),
    [
        (Cadence.QUARTERLY, False, DueState.DUE),
        (Cadence.NONE, True, DueState.DUE),
        (Cadence.NONE, False, DueState.NOT_DUE),
    ],
)
def test_what_never_passed_is_due_at_once(cadence: Cadence, state: DueState, *, after_change: bool) -> None:
    """And not overdue: nothing says since when."""
    found = due(cadence, Past(SHA), after_change=after_change, now=PASSED_AT)
    assert (found.state, found.due, found.overdue) == (state, None, None)


@pytest.mark.parametrize("cadence", [Cadence.NONE, Cadence.QUARTERLY])
def test_a_change_makes_it_due_where_that_is_wanted(cadence: Cadence) -> None:
    """Until it passes as it stands now; a change undone is none."""

    def state(sha256: str, *, after_change: bool = True) -> DueState:
        return due(cadence, Past(sha256, run()), after_change=after_change, now=PASSED_AT + DAY).state

    assert state("b" * 64) is DueState.DUE
    assert state("b" * 64, after_change=False) is DueState.NOT_DUE
    assert state(SHA) is DueState.NOT_DUE


@pytest.mark.parametrize("cadence", [Cadence.QUARTERLY, Cadence.YEARLY])
@pytest.mark.parametrize("after", [timedelta(), 91 * DAY - TICK, 91 * DAY])
def test_what_never_passed_is_due_and_overdue_as_the_monitor_has_it(cadence: Cadence, after: timedelta) -> None:
    """Whoever looks here and whoever looks there is told the same."""
    since = PASSED_AT
    here = due(cadence, Past(SHA, known_since=since), after_change=False, now=since + after)
    line = CalendarLine("door", "payments", TheirCadence(cadence.value))
    there = due_line(line, TheirPast(), since, since + after)
    assert (here.state.value, here.due, here.overdue) == (there.state.value, there.due, there.overdue)


@pytest.mark.parametrize("cadence", [Cadence.QUARTERLY, Cadence.YEARLY])
@pytest.mark.parametrize("has_passed", [True, False])
@pytest.mark.parametrize("after", [DAY, 85 * DAY, 95 * DAY, 400 * DAY])
@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.NOT_MEASURED, Verdict.ABORTED, Verdict.CLEAN_UP_FAILED])
def test_what_did_not_pass_last_is_due_at_once_here_and_there(
    cadence: Cadence,
    has_passed: bool,  # noqa: FBT001 - a row of the table
    after: timedelta,
    verdict: Verdict,
) -> None:
    """However lately it passed; and overdue when it would be anyway."""
    passed, ran = run() if has_passed else None, run(verdict, PASSED_AT + DAY)
    past = Past(SHA, passed, PASSED_AT, ran)
    here = due(cadence, past, after_change=False, now=PASSED_AT + after)
    line = CalendarLine("door", "payments", TheirCadence(cadence.value))
    theirs = TheirPast(passed.at if passed else None, NotPassed(RunVerdict(verdict.value), ran.at))
    there = due_line(line, theirs, PASSED_AT, PASSED_AT + after)
    assert (here.state.value, here.due, here.overdue) == (there.state.value, there.due, there.overdue)
    assert here.state is not DueState.NOT_DUE
    before = due(cadence, Past(SHA, passed, PASSED_AT), after_change=False, now=PASSED_AT + after)
    assert (here.state is DueState.OVERDUE, here.overdue) == (before.state is DueState.OVERDUE, before.overdue)
    words = here.why.partition(" on 2026-03-02; ")[0]
    assert last_run(there) == f"{words} at 2026-03-02 03:00Z"


@pytest.mark.parametrize(
    ("cadence", "after", "sha256", "after_change", "is_left"),
    [
        (Cadence.QUARTERLY, timedelta(), SHA, False, True),
        (Cadence.QUARTERLY, 84 * DAY - TICK, SHA, False, True),
        (Cadence.QUARTERLY, 84 * DAY, SHA, False, False),
        (Cadence.YEARLY, 351 * DAY - TICK, SHA, False, True),
        (Cadence.YEARLY, 351 * DAY, SHA, False, False),
        (Cadence.QUARTERLY, timedelta(), "b" * 64, False, True),
        (Cadence.QUARTERLY, timedelta(), "b" * 64, True, False),
        (Cadence.NONE, 1000 * DAY, SHA, True, True),
        (Cadence.NONE, timedelta(), "b" * 64, True, False),
    ],
)
def test_a_timer_does_not_act_and_fail_every_hour(
    *, cadence: Cadence, after: timedelta, sha256: str, after_change: bool, is_left: bool
) -> None:
    """Neither what passed lately, nor what is overdue or never passed: it is left to people until it is time again."""
    now = PASSED_AT + after
    for passed in (None, run(at=PASSED_AT - 400 * DAY), run(at=PASSED_AT - DAY)):
        past = Past(sha256, passed, PASSED_AT, run(Verdict.FAILED))
        assert due(cadence, past, after_change=after_change, now=now).is_for_people is is_left
        past = replace(past, acted=run(at=PASSED_AT + DAY))
        assert not due(cadence, past, after_change=after_change, now=now).is_for_people


def test_without_a_cadence_a_run_that_failed_makes_nothing_due() -> None:
    """Nobody asked for it to pass."""
    found = due(Cadence.NONE, Past(SHA, run(), acted=run(Verdict.FAILED)), after_change=False, now=PASSED_AT + DAY)
    assert (found.state, found.is_for_people) == (DueState.NOT_DUE, False)


def test_only_a_run_that_acted_on_the_real_thing_says_that_it_does_not_work() -> None:
    """What was aborted before its first step, is open, was simulated or is another's says nothing."""
    idle = [
        run(Verdict.ABORTED, PASSED_AT + DAY, acted=False),
        run(Verdict.OPEN, PASSED_AT + DAY),
        run(Verdict.FAILED, PASSED_AT + DAY, is_real=False),
        run(Verdict.FAILED, PASSED_AT + DAY, scenario="other"),
    ]
    assert last_that_acted([*idle, run()], "door", LATER) == run()
    assert last_that_acted(idle, "door", LATER) is None
    aborted = run(Verdict.ABORTED, PASSED_AT + 2 * DAY)
    assert last_that_acted([aborted, run()], "door", LATER) == aborted


def test_of_a_run_that_two_places_know_either_knows_that_it_did_not_pass() -> None:
    """Or that it did not act: the monitor can't tell, and the journal can."""
    here, there = run(Verdict.FAILED), run(at=PASSED_AT + TICK, where="monitor", run=run().run)
    assert last_that_acted([here, there], "door", LATER) == here
    here = run(Verdict.ABORTED, acted=False)
    assert last_that_acted([here, replace(there, verdict=Verdict.ABORTED)], "door", LATER) is None


def test_a_change_makes_nothing_less_overdue() -> None:
    """What is worse is told."""
    late = PASSED_AT + 92 * DAY
    assert due(Cadence.QUARTERLY, Past("b", run()), after_change=True, now=late).state is DueState.OVERDUE


def test_only_what_passed_on_the_real_thing_counts() -> None:
    """No other verdict, no other scenario, and nothing that was simulated."""
    others = [run(verdict, PASSED_AT + DAY) for verdict in Verdict if verdict is not Verdict.PASSED]
    strange = [run(at=PASSED_AT + DAY, scenario="other"), run(at=PASSED_AT + DAY, is_real=False)]
    assert last_passed([*others, *strange, run()], "door", LATER) == run()
    assert last_passed([*others, *strange], "door", LATER) is None
    newest = run(Verdict.FAILED, PASSED_AT + 2 * DAY)
    assert last([*others, run(), newest], "door") == newest


def test_an_open_run_is_told_once_and_closed_where_anybody_knows_it_closed() -> None:
    """The evidence directory and the monitor know of the same run; either may have been cut off."""
    here, there = run(Verdict.OPEN), run(Verdict.OPEN, where="monitor")
    other = run(Verdict.OPEN, PASSED_AT + DAY, where="monitor")
    assert still_open([other, here, there]) == (here, other)
    assert still_open([here, run(Verdict.ABORTED, where="monitor")]) == ()
    assert still_open([run(Verdict.ABORTED), there]) == ()


def test_what_was_tried_within_a_day_was_tried() -> None:
    """Whatever came of it; by a clock that is a little ahead of another, too."""
    assert not was_tried(None, PASSED_AT)
    for after, expected in ((DAY - TICK, True), (-TICK, True), (DAY, False), (-DAY, False)):
        assert was_tried(run(Verdict.ABORTED), PASSED_AT + after) is expected


@pytest.mark.parametrize("ahead", [TICK, 200 * DAY])
@pytest.mark.parametrize("after", [None, DAY, 85 * DAY, 95 * DAY])
def test_what_passed_in_the_future_counts_as_nothing_here_and_there(ahead: timedelta, after: timedelta | None) -> None:
    """A clock is wrong, which is said; no timer acts by it, and what passes now ends that."""
    before = run() if after is not None else None
    now = PASSED_AT + (after or timedelta())
    runs = [each for each in (before, run(at=now + ahead)) if each]
    past = Past(
        SHA,
        last_passed(runs, "door", now),
        PASSED_AT,
        last_that_acted(runs, "door", now),
        passed_to_come(runs, "door", now),
    )
    found = due(Cadence.QUARTERLY, past, after_change=False, now=now)
    expected = due(Cadence.QUARTERLY, Past(SHA, before, PASSED_AT), after_change=False, now=now)
    assert (found.state, found.due, found.overdue) == (expected.state, expected.due, expected.overdue)
    assert found.is_for_people is (found.state is not DueState.NOT_DUE)
    assert (
        found.why == f"{expected.why}; one passed on {now + ahead:%Y-%m-%d}, which is still to come: look at the clocks"
    )
    theirs = their_past([closed_there(each.run, at=each.at) for each in runs], now)
    there = due_line(CalendarLine("door", "payments", TheirCadence.QUARTERLY), theirs, PASSED_AT, now)
    assert (there.state.value, there.due, there.overdue) == (found.state.value, found.due, found.overdue)
    assert clocks(there) == f"one passed at {now + ahead:%Y-%m-%d %H:%MZ}, which is still to come: look at the clocks"


def test_what_passed_in_the_future_hides_no_run_that_failed() -> None:
    """Nobody knows which was the last; here and there what did not pass counts."""
    now = PASSED_AT + 2 * DAY
    failed = run(Verdict.FAILED, PASSED_AT + DAY)
    runs = [run(), failed, run(at=now + DAY)]
    assert last_that_acted(runs, "door", now) == failed
    there = [closed_there(each.run, RunVerdict(each.verdict.value), at=each.at) for each in runs]
    assert their_past(there, now).not_passed == NotPassed(RunVerdict.FAILED, failed.at)


def test_what_can_never_pass_is_left_to_people() -> None:
    """A timer would run it anew every hour; without a cadence it is nobody's."""
    found = due(Cadence.YEARLY, Past(SHA, is_real=False), after_change=False, now=PASSED_AT)
    assert (found.state, found.is_for_people) == (DueState.DUE, True)
    assert found.why == "it never passed; no step of it is real, so that it never passes"
    found = due(Cadence.NONE, Past(SHA, is_real=False), after_change=False, now=PASSED_AT)
    assert (found.state, found.why, found.is_for_people) == (DueState.NOT_DUE, "no cadence", False)


def test_what_is_left_behind_is_told_until_anybody_knows_that_it_is_gone() -> None:
    """Each run once; an open one is told as open."""
    left = run(Verdict.CLEAN_UP_FAILED, residue=("door: open",))
    gone = run(Verdict.CLEAN_UP_FAILED, at=PASSED_AT + DAY, residue=("door: open",))
    still = run(Verdict.OPEN, at=PASSED_AT + 2 * DAY, residue=("door: open",))
    known = [
        left,
        replace(left, where="monitor"),
        gone,
        replace(gone, where="monitor", residue=()),
        still,
        run(at=PASSED_AT + 3 * DAY),
    ]
    assert [each.run for each in left_behind(known)] == [left.run]
    assert [each.run for each in left_behind(reversed(known))] == [left.run]


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.CLEAN_UP_FAILED])
def test_a_run_did_not_both_fail_and_pass(verdict: Verdict) -> None:
    """What was closed by hand at the monitor did not pass, whatever its journal says; one not closed there did."""
    here, there, other = run(), replace(run(verdict), where="monitor"), run(at=PASSED_AT + DAY)
    assert calendar.without_denied([here, there, other]) == (there, other)
    still_open_there = replace(there, verdict=Verdict.OPEN)
    assert calendar.without_denied([here, still_open_there]) == (here, still_open_there)
