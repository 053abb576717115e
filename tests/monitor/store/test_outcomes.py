"""Outcomes: queued at once, written in batches, dropped only beyond bounds, and never twice."""

from dataclasses import replace
from datetime import datetime

from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason, Warn
from monitor.model.record import OutcomeRow
from monitor.store.columns import to_microseconds
from monitor.store.identity import Limits
from tests.support.broken_database import AnswerLost, Broken, unavailable
from tests.support.commits import at, outcome_row, story
from tests.support.stores import StorePlace
from tests.support.waiting import until

COUNT = "SELECT count(*) AS n FROM outcomes JOIN series ON series.id = outcomes.series WHERE vantage = :vantage"
SLOW = Limits(batch_seconds=3600)  # nothing is due by time


def written(place: StorePlace) -> int:
    """Return how many outcomes of the vantage are stored."""
    return int(place.sql(COUNT)[0]["n"])


async def test_outcomes_are_written_by_themselves(place: StorePlace) -> None:
    """A few outcomes don't wait for a full batch."""
    store = place.store()
    await store.open()
    store.record([outcome_row(), outcome_row(probe="api")])
    store.record([outcome_row(seconds=15)])
    await until(lambda: written(place) == 3)
    assert store.dropped == 0


async def test_a_full_batch_does_not_wait_for_its_time(place: StorePlace) -> None:
    """As many outcomes as a batch holds are written at once."""
    store = place.store(limits=replace(SLOW, batch_rows=10))
    await store.open()
    store.record(outcome_row(seconds=number) for number in range(9))
    await store.alive(at(0))
    assert written(place) == 0
    store.record([outcome_row(seconds=9)])
    await until(lambda: written(place) == 10)


async def test_what_is_queued_is_written_on_closing(place: StorePlace) -> None:
    """Closing loses nothing, however many batches it takes."""
    store = place.store(limits=replace(SLOW, batch_rows=100))
    await store.open()
    store.record(outcome_row(seconds=number) for number in range(99))
    await store.close()
    assert written(place) == 99
    store.record([outcome_row()])
    assert store.dropped == 1


async def test_every_column_says_what_was_found(place: StorePlace) -> None:
    """Kind, reason, times, phases, warnings and belief are kept; empty ones are empty."""
    store = place.store()
    await store.open()
    found = Outcome(
        kind=OutcomeKind.BAD,
        reason=Reason.STATUS,
        detail="503 \0",
        started_at=at(7),
        duration_seconds=1.5,
        phases={"tls": 0.5},
        warnings=(Warn.DURATION, Warn.TLS_DAYS_LEFT),
        tls_expiry_at=at(1000),
        attempt=Attempt.CONFIRMATION,
    )
    store.record([OutcomeRow("payments", "portal", "sign_in", found, is_believed=False)])
    await store.close()
    (row,) = place.sql(
        "SELECT * FROM outcomes JOIN series ON series.id = outcomes.series WHERE vantage = :vantage",
    )
    row = dict(row)
    del row["id"], row["series"], row["vantage"]
    assert row == {
        "platform": "payments",
        "probe": "portal",
        "function": "sign_in",
        "kind": "bad",
        "reason": "status",
        "attempt": "confirmation",
        "is_believed": False,
        "started_at": to_microseconds(at(7)),
        "nth": 0,
        "duration_seconds": 1.5,
        "resolve_seconds": None,
        "connect_seconds": None,
        "tls_seconds": 0.5,
        "processing_seconds": None,
        "transfer_seconds": None,
        "tls_expiry_at": to_microseconds(at(1000)),
        "warnings": "duration,tls_days_left",
        "detail": "503 \ufffd",
    }


async def test_outcomes_of_the_same_instant_are_all_kept(place: StorePlace) -> None:
    """A clock that stands still does not make two attempts one."""
    store = place.store()
    await store.open()
    store.record([outcome_row()] * 3)
    await until(lambda: written(place) == 3)


async def test_a_batch_that_failed_is_written_later(place: StorePlace) -> None:
    """A database that is gone for a while costs no outcome."""
    store = place.store()
    await store.open()
    broken = Broken(store, unavailable(place), "INTO outcomes")
    store.record([outcome_row()])
    await until(lambda: broken.calls >= 2)
    store.record([outcome_row(seconds=15)])
    broken.heal()
    await until(lambda: written(place) == 2)
    assert store.dropped == 0


async def test_a_batch_whose_answer_was_lost_counts_once(place: StorePlace) -> None:
    """Written, but never confirmed: it is written again, and is there once."""
    store = place.store()
    await store.open()
    lost = AnswerLost(store, unavailable(place))
    store.record([outcome_row(), outcome_row(probe="api")])
    await until(lambda: lost.calls == 1)
    store.record([outcome_row(seconds=15)])
    await until(lambda: written(place) == 3)
    await store.close()
    assert written(place) == 3
    assert store.dropped == 0


async def test_beyond_the_bound_new_outcomes_are_dropped_and_counted(place: StorePlace) -> None:
    """While nothing can be written, memory does not grow without end; what came first is kept."""
    store = place.store(limits=Limits(batch_seconds=0.01, waiting_rows=5))
    await store.open()
    broken = Broken(store, unavailable(place), "INTO outcomes")
    store.record(outcome_row(seconds=number) for number in range(8))
    assert store.dropped == 3
    broken.heal()
    await until(lambda: store._buffer.due_in() is None)
    assert written(place) == 5
    store.record(outcome_row(seconds=number) for number in range(10, 13))
    await until(lambda: written(place) == 8)
    assert store.dropped == 3


async def test_a_row_the_database_refuses_is_dropped_alone(place: StorePlace) -> None:
    """One impossible row does not keep the others of its batch from being written."""
    store = place.store()
    await store.open()
    outcome = outcome_row().outcome
    impossible = replace(outcome_row(), outcome=replace(outcome, duration_seconds=None))  # type: ignore[arg-type]
    store.record([outcome_row(), impossible, outcome_row(seconds=15)])
    await until(lambda: written(place) == 2)
    assert store.dropped == 1


async def test_a_row_that_is_our_mistake_is_dropped_alone(place: StorePlace) -> None:
    """A naive time is no time; the outcome is dropped, the rest is written."""
    store = place.store()
    await store.open()
    naive = replace(outcome_row().outcome, started_at=datetime(2026, 3, 1))  # noqa: DTZ001 - naive on purpose
    store.record([replace(outcome_row(), outcome=naive), outcome_row()])
    await until(lambda: written(place) == 1)
    assert store.dropped == 1


async def test_before_opening_outcomes_are_dropped(place: StorePlace) -> None:
    """Whose store it is isn't known yet: nothing may be written to it."""
    store = place.store()
    store.record([outcome_row()])
    assert store.dropped == 1
    await store.open()
    await store.close()
    assert written(place) == 0


async def test_commits_do_not_starve_outcomes(place: StorePlace) -> None:
    """Outcomes that are due are written between commits."""
    store = place.store()
    await store.open()
    await store.commit(story()[0])
    store.record([outcome_row()])
    place.clock.advance(60)
    for _ in range(3):
        await store.alive(place.clock.now())
    assert written(place) == 1
