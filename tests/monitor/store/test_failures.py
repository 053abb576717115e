"""A probe's failures, as they are on record: newest first, and nothing but its own."""

from collections.abc import Sequence
from dataclasses import replace

from monitor.model.explanation import Attempted
from monitor.model.outcome import Attempt, OutcomeKind, Reason, Warn
from monitor.model.record import FailureQuery, OutcomeRow
from tests.support.commits import at, outcome_row
from tests.support.stores import StorePlace
from tests.support.waiting import until

COUNT = "SELECT count(*) AS n FROM outcomes JOIN series ON series.id = outcomes.series WHERE vantage = :vantage"


def failed(seconds: float, reason: Reason = Reason.STATUS, probe: str = "portal", function: str = "") -> OutcomeRow:
    """Return a bad outcome."""
    row = outcome_row(probe=probe, seconds=seconds)
    outcome = replace(row.outcome, kind=OutcomeKind.BAD, reason=reason, detail=f"failure {seconds}")
    return replace(row, outcome=outcome, function=function or row.function)


async def asked(place: StorePlace, rows: Sequence[OutcomeRow], query: FailureQuery) -> Sequence[Attempted]:
    """Write the rows, and ask."""
    store = place.store()
    await store.open()
    store.record(rows)
    await until(lambda: int(place.sql(COUNT)[0]["n"]) == len(rows))
    return await store.failures(query)


async def test_failures_are_read_newest_first(place: StorePlace) -> None:
    """What was good, and what is another probe's, is not among them."""
    rows = [failed(1), outcome_row(seconds=2), failed(3), failed(4, probe="api"), failed(5)]
    found = await asked(place, rows, FailureQuery("payments", "portal", 2))
    assert [each.outcome.detail for each in found] == ["failure 5", "failure 3"]


async def test_a_failure_is_read_as_it_was(place: StorePlace) -> None:
    """Every column of it; a blind vantage's is said not to be believed."""
    row = failed(1)
    outcome = replace(
        row.outcome, warnings=(Warn.DURATION, Warn.TLS_DAYS_LEFT), tls_expiry_at=at(9), attempt=Attempt.CONFIRMATION
    )
    (found,) = await asked(
        place, [replace(row, outcome=outcome, is_believed=False)], FailureQuery("payments", "portal")
    )
    assert found == Attempted(outcome, is_believed=False)


async def test_a_probe_that_watched_for_another_function_before_is_the_same(place: StorePlace) -> None:
    """Renaming a function hides no failure."""
    rows = [failed(1, function="sign_in"), failed(3, function="log_in"), failed(2, function="sign_in")]
    found = await asked(place, rows, FailureQuery("payments", "portal"))
    assert [each.outcome.detail for each in found] == ["failure 3", "failure 2", "failure 1"]


async def test_what_is_not_measured_is_a_failure(place: StorePlace) -> None:
    """Nothing was learnt: that is not good. A reason that only a newer version knows is left out."""
    row = failed(1, Reason.OWN_FAULT)
    unmeasured = replace(row, outcome=replace(row.outcome, kind=OutcomeKind.NOT_MEASURED))
    store = place.store()
    await store.open()
    store.record([unmeasured, failed(2)])
    await until(lambda: int(place.sql(COUNT)[0]["n"]) == 2)
    ours = "series IN (SELECT id FROM series WHERE vantage = :vantage)"
    place.sql(f"UPDATE outcomes SET reason = 'of_tomorrow' WHERE reason = 'status' AND {ours}")
    (found,) = await store.failures(FailureQuery("payments", "portal"))
    assert found.outcome.kind is OutcomeKind.NOT_MEASURED


async def test_nobody_knows_of_a_probe_that_never_ran(place: StorePlace) -> None:
    """Nothing, and no error."""
    store = place.store()
    await store.open()
    assert await store.failures(FailureQuery("payments", "nobody")) == []


def test_they_are_found_by_their_index(file_place: StorePlace) -> None:
    """However many good outcomes lie between them: the plan says so."""
    import asyncio  # noqa: PLC0415

    from monitor.store.schema import NOT_GOOD  # noqa: PLC0415

    async def make() -> None:
        store = file_place.store()
        await store.open()
        await store.close()

    asyncio.run(make())
    plan = file_place.sql(
        f"EXPLAIN QUERY PLAN SELECT * FROM outcomes WHERE series = 1 AND {NOT_GOOD} "
        "ORDER BY started_at DESC, nth DESC LIMIT 10"
    )
    assert any("ix_outcomes_failures" in row["detail"] for row in plan)
