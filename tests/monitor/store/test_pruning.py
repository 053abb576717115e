"""Outcomes whose time is over are forgotten: good ones first, a little at a time, and nothing else ever."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.outcome import OutcomeKind, Reason
from monitor.model.record import OutcomeRow, Pruned
from monitor.store import pruning
from monitor.store.store import SqlStore
from tests.support.clock import START
from tests.support.commits import outcome_row, story
from tests.support.stores import QUICK, StorePlace
from tests.support.waiting import until

LIMITS = replace(QUICK, keep_good=timedelta(days=30), keep_failures=timedelta(days=400), keep_hours=timedelta(days=500))
COUNT = "SELECT count(*) AS n FROM outcomes JOIN series ON series.id = outcomes.series WHERE vantage = :vantage"
KINDS = (
    "SELECT kind, started_at FROM outcomes JOIN series ON series.id = outcomes.series "
    "WHERE vantage = :vantage ORDER BY started_at"
)


def aged(days: float, kind: OutcomeKind = OutcomeKind.GOOD) -> OutcomeRow:
    """Return an outcome so many days old."""
    row = outcome_row()
    reason = Reason.OK if kind is OutcomeKind.GOOD else Reason.STATUS
    return replace(row, outcome=replace(row.outcome, kind=kind, reason=reason, started_at=START - timedelta(days=days)))


def count(place: StorePlace) -> int:
    """Return how many outcomes of the vantage are stored."""
    return int(place.sql(COUNT)[0]["n"])


async def holding(place: StorePlace, *rows: OutcomeRow, vantage: str | None = None) -> SqlStore:
    """Return a store that holds these."""
    store = place.store(limits=LIMITS, vantage=vantage)
    await store.open()
    store.record(rows)
    if vantage is None:
        await until(lambda: count(place) == len(rows))
    return store


async def test_failures_are_kept_longer(place: StorePlace) -> None:
    """A good one goes after 30 days, a failure after 400; what isn't old enough stays."""
    kinds = (OutcomeKind.BAD, OutcomeKind.NOT_MEASURED, OutcomeKind.SKIPPED)
    old = [aged(31), *(aged(31 + nth, kind) for nth, kind in enumerate(kinds, 1)), aged(401, OutcomeKind.BAD)]
    store = await holding(place, *old, aged(29), aged(1, OutcomeKind.BAD))
    assert await store.prune() == Pruned(good=1, failures=1, is_more=False)
    assert await store.prune() == Pruned()
    assert [row["kind"] for row in place.sql(KINDS)] == ["skipped", "not_measured", "bad", "good", "bad"]


async def test_a_batch_is_bounded_and_there_may_be_more(place: StorePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call does a little; what is passed over does not hold it up, also when it all began at once."""
    monkeypatch.setattr(pruning, "ROWS", 10)
    rows = [aged(40 + number, OutcomeKind.BAD) for number in range(25)]
    rows += [aged(35 + number / 100) for number in range(25)]
    rows += [replace(aged(32, OutcomeKind.BAD), probe=f"p{number}") for number in range(15)]
    store = await holding(place, *rows)
    pruned = [await store.prune() for _ in range(8)]
    assert sum(each.good for each in pruned) == 25
    assert sum(each.failures for each in pruned) == 0
    assert all(each.good <= 10 for each in pruned)
    assert [each.is_more for each in pruned][-1] is False
    assert count(place) == 40


async def test_failures_that_are_over_go_in_batches_too(place: StorePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest first."""
    monkeypatch.setattr(pruning, "ROWS", 10)
    store = await holding(place, *(aged(401 + number, OutcomeKind.BAD) for number in range(25)))
    pruned = [await store.prune() for _ in range(4)]
    assert [(each.failures, each.is_more) for each in pruned] == [(10, True), (10, True), (5, False), (0, False)]


async def test_nothing_but_outcomes_is_forgotten(place: StorePlace) -> None:
    """Outages, transitions, flags, pages and the audit are there in ten years."""
    store = await holding(place, aged(31))
    for commit in story():
        await store.commit(commit)
    tables = ("transitions", "outages", "causes", "pages", "flag_documents", "audit")
    before = {table: place.sql(f"SELECT count(*) AS n FROM {table}") for table in tables}
    place.clock.advance(timedelta(days=3650))
    assert (await store.prune()).failures + (await store.prune()).failures <= 1
    assert count(place) == 0
    assert {table: place.sql(f"SELECT count(*) AS n FROM {table}") for table in tables} == before
    assert await store.verify_audit() is None


async def test_another_vantages_outcomes_are_its_own(server_place: StorePlace) -> None:
    """Two monitors share a database: each forgets what it wrote."""
    ours = await holding(server_place, aged(31))
    theirs = await holding(server_place, aged(31), vantage=f"{server_place.vantage}-other")
    await theirs.alive(START)
    await theirs.close()
    other = replace(server_place, vantage=f"{server_place.vantage}-other")
    await until(lambda: count(other) == 1)
    assert (await ours.prune()).good == 1
    assert (count(server_place), count(other)) == (0, 1)


async def test_without_a_time_everything_is_kept(place: StorePlace) -> None:
    """A store that is told nothing forgets nothing."""
    store = place.store()
    await store.open()
    store.record([aged(5000), aged(5000, OutcomeKind.BAD)])
    await until(lambda: count(place) == 2)
    assert await store.prune() == Pruned()
    assert count(place) == 2
