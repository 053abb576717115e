"""What a vantage recorded comes back whole, in order, in parts, and of this platform alone."""

from dataclasses import replace
from datetime import datetime

import pytest

from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Warn
from monitor.model.record import OutageQuery, OutcomeRow
from monitor.store import recorded
from monitor.store.identity import Identity
from monitor.store.reading import Reading
from monitor.store.recorded import Period, Record, Recorded
from tests.support.clock import START
from tests.support.commits import story
from tests.support.rulings import HOUR, MINUTE, SECOND, outcome
from tests.support.stores import DEPLOYMENT, StorePlace

ALL = Period(START - HOUR, START + 1000 * HOUR)
GOOD, BAD, NONE = OutcomeKind.GOOD, OutcomeKind.BAD, OutcomeKind.NOT_MEASURED


def _record(place: StorePlace, platform: str = "payments") -> tuple[Reading, Record]:
    reading = Reading(place.url, Identity(DEPLOYMENT, place.vantage, "look"))
    return reading, Record(reading, place.vantage, platform)


def _row(probe: str, at: datetime, kind: OutcomeKind = GOOD, *, is_believed: bool = True) -> OutcomeRow:
    return OutcomeRow("payments", probe, "sign_in", outcome(kind, at), is_believed)


def _told(found: Recorded) -> tuple[str, Outcome, bool]:
    return found.probe, found.outcome, found.is_believed


async def test_outcomes_come_back_in_the_order_in_which_they_began(
    place: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts of any size, those that began at one instant too; another platform's aren't among them."""
    monkeypatch.setattr(recorded, "_ROWS", 3)
    rows = [_row(probe, START + nth * SECOND) for nth in range(7) for probe in ("api", "portal")]
    rows[4] = replace(rows[4], outcome=replace(rows[4].outcome, warnings=(Warn.DURATION, Warn.TLS_DAYS_LEFT)))
    rows[5] = _row("portal", START + 2 * SECOND, BAD, is_believed=False)
    rows[6] = replace(rows[6], outcome=replace(outcome(NONE, START + 3 * SECOND), attempt=Attempt.CONFIRMATION))
    store = place.store()
    await store.open()
    store.record([replace(rows[0], platform="other"), *reversed(rows)])
    await store.close()
    reading, record = _record(place)
    found = [_told(each) for each in record.outcomes(ALL)]
    reading.close()
    assert sorted(found, key=_order) == found
    expected = [(row.probe, replace(row.outcome, phases={}), row.is_believed) for row in rows]
    assert sorted(found, key=_key) == sorted(expected, key=_key)


def _order(told: tuple[str, Outcome, bool]) -> datetime:
    return told[1].started_at


def _key(told: tuple[str, Outcome, bool]) -> tuple[datetime, str]:
    return told[1].started_at, told[0]


async def test_a_period_is_half_open(place: StorePlace) -> None:
    """What began at its end is not in it."""
    store = place.store()
    await store.open()
    store.record([_row("portal", START + nth * MINUTE) for nth in range(5)])
    await store.close()
    reading, record = _record(place)
    began = outcome(GOOD, START).started_at
    found = [each.outcome.started_at for each in record.outcomes(Period(began + MINUTE, began + 3 * MINUTE))]
    reading.close()
    assert found == [began + MINUTE, began + 2 * MINUTE]


async def test_the_record_is_whole_from_the_first_good_one_on(place: StorePlace) -> None:
    """Failures are kept for longer than good outcomes: alone they tell nothing of how it was."""
    store = place.store()
    await store.open()
    kinds = [BAD, BAD, GOOD, BAD, GOOD, BAD]
    store.record([_row("portal", START + nth * MINUTE, kind) for nth, kind in enumerate(kinds)])
    await store.close()
    reading, record = _record(place)
    other_reading, other = _record(place, "nobody")
    whole = record.whole()
    assert other.whole() is None
    assert list(other.outcomes(ALL)) == []
    reading.close()
    other_reading.close()
    began = outcome(GOOD, START).started_at
    assert whole is not None
    assert whole.since == began + 2 * MINUTE
    assert began + 4 * MINUTE < whole.until < began + 5 * MINUTE


async def test_spans_and_outages_of_the_period(place: StorePlace) -> None:
    """Blind ones, those of life with whose they are, and outages, oldest first."""
    store = place.store()
    await store.open()
    await store.blind_span(START, START + MINUTE)
    await store.blind_span(START + HOUR, None)
    await store.alive(START)
    await store.alive(START + SECOND)
    await store.alive(START + HOUR)
    for commit in story():
        await store.commit(commit)
    outages = await store.outages(OutageQuery("payments", None, 100))
    await store.close()
    reading, record = _record(place)
    assert record.blind(ALL) == [(START, START + MINUTE), (START + HOUR, None)]
    assert record.blind(Period(START + 2 * MINUTE, START + 3 * MINUTE)) == []
    lives = record.alive(ALL)
    assert [(life.since, life.until) for life in lives] == [(START, START + SECOND), (START + HOUR, START + HOUR)]
    assert len({life.run for life in lives}) == 1
    assert record.outages(ALL) == list(reversed(outages))
    assert outages
    assert record.outages(Period(ALL.since - HOUR, ALL.since)) == []
    reading.close()
