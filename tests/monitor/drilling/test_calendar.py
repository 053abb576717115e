"""The watch over the calendar: due and overdue are told once, shown, and over when the scenario passed."""

from datetime import timedelta

import pytest

from monitor.drilling.calendar import PLACE
from monitor.errors import StoreUnavailable
from monitor.model.drill import Cadence, DueState, RunVerdict
from tests.support.clock import START
from tests.support.drill_register import RUN, DrillLife, closing, opening, settings

BY = "drills-1"
CALENDAR = {"restore": Cadence.QUARTERLY}
DAY = timedelta(days=1)


def life() -> DrillLife:
    """Return a desk with one scenario in its calendar."""
    return DrillLife(calendar=CALENDAR)


async def run_now(
    there: DrillLife, run: str = RUN, verdict: RunVerdict = RunVerdict.PASSED, *, is_real: bool = True
) -> None:
    """Have a run opened and closed now."""
    await there.desk.open(opening(run, at=there.clock.now(), is_real=is_real), BY)
    await there.desk.close(run, closing(verdict), BY)
    await there.desk.look()


async def test_a_scenario_goes_from_due_to_overdue_to_passed_and_round_again() -> None:
    """Each is told once, and shown in the metrics; what the last run measured too."""
    there = life()
    await there.desk.look()
    await there.desk.look()
    assert there.told == [("drill_due", "firing")]
    assert there.lines("jit_drill_last_passed_timestamp_seconds") == []
    assert there.lines("jit_drill_overdue") == ['jit_drill_overdue{scenario="restore"} 0.0']
    there.clock.advance(91 * DAY)
    await there.desk.look()
    assert there.told[1:] == [("drill_due", "resolved"), ("drill_overdue", "firing")]
    assert there.lines("jit_drill_overdue") == ['jit_drill_overdue{scenario="restore"} 1.0']
    await run_now(there)
    assert there.told[3:] == [("drill_overdue", "resolved")]
    passed = there.clock.now()
    for metric, at in (("last_passed", passed), ("due", passed + 84 * DAY)):
        (line,) = there.lines(f"jit_drill_{metric}_timestamp_seconds")
        assert float(line.split()[1]) == at.timestamp()
    assert there.lines("jit_drill_span_seconds") == ['jit_drill_span_seconds{scenario="restore",span="detect"} 12.5']
    assert there.desk.due() == []
    there.clock.advance(84 * DAY)
    await there.desk.look()
    assert there.told[4:] == [("drill_due", "firing")]
    assert [line.state for line in there.desk.due()] == [DueState.DUE]


@pytest.mark.parametrize(
    ("verdict", "is_real"),
    [*((verdict, True) for verdict in RunVerdict if verdict is not RunVerdict.PASSED), (RunVerdict.PASSED, False)],
)
async def test_nothing_else_counts(verdict: RunVerdict, is_real: bool) -> None:  # noqa: FBT001 - a case
    """What failed, could not be measured or was simulated leaves it due."""
    there = life()
    await run_now(there, verdict=verdict, is_real=is_real)
    assert [line.state for line in await there.desk.calendar()] == [DueState.DUE]
    assert bool(there.lines("jit_drill_span_seconds")) is is_real


async def test_what_passed_and_then_failed_is_due_at_once() -> None:
    """Told, shown, and over when it passed again; a run that only simulated says nothing."""
    there = life()
    await run_now(there, "passed")
    there.told.clear()
    there.clock.advance(DAY)
    await run_now(there, "simulated", RunVerdict.FAILED, is_real=False)
    assert there.told == []
    there.clock.advance(DAY)
    await run_now(there, "failed", RunVerdict.NOT_MEASURED)
    failed = there.clock.now()
    (line,) = await there.desk.calendar()
    assert (line.state, line.due, line.overdue) == (DueState.DUE, failed, START + 91 * DAY)
    assert there.told == [("drill_due", "firing")]
    (metric,) = there.lines("jit_drill_due_timestamp_seconds")
    assert float(metric.split()[1]) == failed.timestamp()
    there.clock.advance(DAY)
    await run_now(there, "again")
    assert there.told[1:] == [("drill_due", "resolved")]


async def test_a_run_that_is_closed_late_passed_by_its_end() -> None:
    """Nobody moves the calendar by telling late; and an older run that is closed later counts no less than a newer."""
    there = life()
    await there.desk.open(opening("old"), BY)
    there.clock.advance(10 * DAY)
    await there.desk.look()
    await run_now(there, "new")
    there.clock.advance(10 * DAY)
    await there.desk.close("old", closing(), BY)
    await there.desk.look()
    (line,) = await there.desk.calendar()
    assert line.last_passed == START + 10 * DAY


async def test_what_passed_in_the_future_counts_as_nothing_until_then() -> None:
    """The clock was put back: it is due, and the ticket says why; the metric does not claim that it passed."""
    there = life()
    there.clock.advance(200 * DAY)
    await run_now(there)
    there.clock.advance(-199 * DAY)
    await there.desk.look()
    assert there.told == [("drill_due", "firing")]
    assert "it never passed here; one passed at 2026-09-17 03:00Z, which is still to come" in there.pages[-1].reason
    assert there.lines("jit_drill_last_passed_timestamp_seconds") == []
    await run_now(there, "now")
    assert there.told[1:] == [("drill_due", "resolved")]


async def test_what_is_known_and_told_outlives_a_restart() -> None:
    """It is not told again, overdue counts from when it was known first; what left the settings meanwhile is over."""
    there = life()
    await there.desk.look()
    later = there.again(91 * 86400)
    await later.desk.look()
    assert later.told == [("drill_due", "resolved"), ("drill_overdue", "firing")]
    third = later.again(60)
    third.desk.adopt(settings({}))
    await third.desk.look()
    await third.desk.look()
    assert third.told == [("drill_overdue", "resolved")]
    assert third.lines("jit_drill_due_timestamp_seconds") == []


async def test_other_settings_hold_from_then_on() -> None:
    """A scenario that comes is known from then on."""
    there = life()
    await there.desk.look()
    there.clock.advance(DAY)
    there.desk.adopt(settings({**CALENDAR, "rotate": Cadence.YEARLY}))
    lines = await there.desk.calendar()
    assert {line.line.scenario: line.due for line in lines} == {"restore": START, "rotate": START + DAY}


async def test_by_a_clock_that_is_wrong_nothing_becomes_due() -> None:
    """Nor is anything known from then on; what was told stays told."""
    there = life()
    there.is_trusted = False
    await there.desk.look()
    assert (there.told, await there.desk.calendar()) == ([], ())
    there.is_trusted = True
    await there.desk.look()
    there.is_trusted = False
    there.clock.advance(1000 * DAY)
    await there.desk.look()
    assert there.told == [("drill_due", "firing")]
    assert [line.state for line in await there.desk.calendar()] == [DueState.DUE]


async def test_a_store_that_can_not_be_read_says_nothing() -> None:
    """Nothing is told, and who asks is told so; what was read stays shown."""
    there = life()
    there.store.fail("drill_runs")
    await there.desk.look()
    with pytest.raises(StoreUnavailable):
        await there.desk.calendar()
    there.store.heal()
    await there.desk.look()
    assert there.told == [("drill_due", "firing")]


async def test_what_can_not_be_kept_is_kept_later() -> None:
    """It was told, and is not told again."""
    there = life()
    there.store.fail("keep_place")
    await there.desk.look()
    there.store.heal()
    await there.desk.look()
    assert there.told == [("drill_due", "firing")]
    later = there.again(60)
    await later.desk.look()
    assert later.told == []


async def test_a_damaged_record_begins_anew() -> None:
    """What never passed is due from now on: the safe side."""
    there = life()
    there.disk.places[PLACE] = "?"
    await there.desk.look()
    assert there.told == [("drill_due", "firing")]
