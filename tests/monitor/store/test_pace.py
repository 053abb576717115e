"""How long attempts took, day by day: of outcomes that stand, and of those that are counted by the hour."""

from collections import Counter
from datetime import timedelta

import pytest

from glasswatch.spans import Span
from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.model.record import OutcomeRow
from monitor.rules.slareport import paces
from monitor.rules.tally import hour_of, of, packed
from monitor.store import pace
from monitor.store.schema import outcome_hours, series
from tests.support.clock import START
from tests.support.stores import StorePlace

DAY = timedelta(days=1)
DAYS = [Span(START, START + DAY), Span(START + DAY, START + 2 * DAY)]


def _row(hours: int, took: float, kind: OutcomeKind = OutcomeKind.GOOD, **how: Attempt) -> OutcomeRow:
    outcome = Outcome(kind, Reason.OK, "", START + timedelta(hours=hours), took, **how)  # type: ignore[arg-type]  # only an attempt
    return OutcomeRow("payments", "portal", "sign_in", outcome)


async def test_good_scheduled_attempts_are_counted_on_their_day(place: StorePlace) -> None:
    """Neither failures nor confirmations; what was counted by the hour is added."""
    store = place.store()
    await store.open()
    store.record([_row(1, 0.1), _row(2, 0.103), _row(3, 9.0, OutcomeKind.BAD), _row(30, 0.5)])
    store.record([_row(4, 7.0, attempt=Attempt.CONFIRMATION)])
    await store.close()
    with place.connection() as connection:
        ours = series.select().where(series.c.vantage == place.vantage, series.c.probe == "portal")
        number = connection.execute(ours).one().id
        hour, tally = hour_of(START) + 40, of([0.5, 0.5, 0.5], 0)
        key = {"hour": hour, "series": number, "kind": "good", "reason": "ok", "attempt": "scheduled"}
        counts = {"runs": 3, "warned": 0, "took_microseconds": 1, "longest_microseconds": 1}
        row = {**key, **counts, "is_believed": True, "spread": packed(tally.spread)}
        connection.execute(outcome_hours.insert(), row)
        found = pace.read(connection, place.vantage, "payments", DAYS)
        connection.rollback()
    first, second = found["portal"]
    assert first == Counter({0.1025: 2})
    assert second.total() == 4
    (shown,) = paces(found)
    assert shown.median_seconds == pytest.approx(0.5, rel=0.1)
    assert shown.daily[0] == (0.1025, 0.1025)
