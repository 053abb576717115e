"""Hourly counts: whatever is deleted is counted, once, whenever it came and wherever the monitor was killed."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from monitor.model.outcome import Attempt, OutcomeKind, Reason, Warn
from monitor.model.record import OutcomeRow, Pruned
from monitor.model.tally import HourTally, Sort, TallyQuery
from monitor.rules.tally import HOUR, hour_at, hour_of
from monitor.store import pruning
from monitor.store.identity import Identity
from monitor.store.reading import Reading
from monitor.store.store import SqlStore
from tests.support.broken_database import AnswerLost, unavailable
from tests.support.clock import START
from tests.support.commits import outcome_row
from tests.support.dying_store import Death, Died
from tests.support.stores import DEPLOYMENT, QUICK, StorePlace, abandon
from tests.support.waiting import until

KEPT = replace(QUICK, keep_good=timedelta(days=1), keep_failures=timedelta(days=40))
EVER = TallyQuery(START - timedelta(days=9000), START + timedelta(days=9000))
FULL = "SELECT count(*) AS n FROM outcomes JOIN series ON series.id = outcomes.series WHERE vantage = :vantage"
HOURS = (
    "SELECT coalesce(sum(runs), 0) AS n FROM outcome_hours JOIN series ON series.id = series WHERE vantage = :vantage"
)

GOOD = Sort(OutcomeKind.GOOD, Reason.OK)
SORTS = (
    *[GOOD] * 6,
    Sort(OutcomeKind.BAD, Reason.TIMEOUT),
    Sort(OutcomeKind.BAD, Reason.TIMEOUT, Attempt.CONFIRMATION),
    Sort(OutcomeKind.NOT_MEASURED, Reason.RATE_LIMITED),
    Sort(OutcomeKind.GOOD, Reason.OK, Attempt.CALLED, is_believed=False),
)


def found_at(at: datetime, sort: Sort = GOOD, probe: str = "portal", took: float = 0.25) -> OutcomeRow:
    """Return an outcome of this sort."""
    row = outcome_row(probe=probe)
    outcome = replace(
        row.outcome,
        kind=OutcomeKind(sort.kind),
        reason=Reason(sort.reason),
        attempt=Attempt(sort.attempt),
        started_at=at,
        duration_seconds=took,
    )
    return replace(row, outcome=outcome, is_believed=sort.is_believed)


def read(place: StorePlace, query: TallyQuery = EVER) -> list[HourTally]:
    """Return what a reader beside the monitor sees."""
    reading = Reading(place.url, Identity(DEPLOYMENT, place.vantage, "look"))
    try:
        return reading.tallies(query)
    finally:
        reading.close()


def counted(found: Sequence[HourTally]) -> Counter[tuple[str, datetime, Sort]]:
    """Return how many there were of which sort in which hour."""
    return Counter({(each.probe, each.hour_at, each.sort): each.tally.runs for each in found})


def expected(rows: Sequence[OutcomeRow]) -> Counter[tuple[str, datetime, Sort]]:
    """Return the same, counted one by one."""
    sorts = [Sort(r.outcome.kind, r.outcome.reason, r.outcome.attempt, r.is_believed) for r in rows]
    return Counter(
        (row.probe, row.outcome.started_at.replace(minute=0, second=0, microsecond=0), sort)
        for row, sort in zip(rows, sorts, strict=True)
    )


async def recorded(place: StorePlace, store: SqlStore, rows: Sequence[OutcomeRow]) -> None:
    """Have outcomes written."""
    before = place.sql(FULL)[0]["n"]
    store.record(rows)
    await until(lambda: place.sql(FULL)[0]["n"] == before + len(rows))


async def all_pruned(store: SqlStore) -> None:
    """Prune until nothing is due."""
    while (await store.prune()).is_more:
        pass


def some(random: Random, now: datetime) -> list[OutcomeRow]:
    """Return outcomes of the last two months, some of them late, no two begun at once."""
    return [
        found_at(
            now - timedelta(microseconds=random.randrange(60 * 86_400 * 10**6)),
            random.choice(SORTS),
            random.choice(["portal", "api"]),
            random.expovariate(2),
        )
        for _ in range(random.randrange(1, 40))
    ]


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_lost_or_counted_twice(place: StorePlace, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recording, pruning, leaps of the clock and restarts in any order: a reader sees what a naive count gives."""
    monkeypatch.setattr(pruning, "ROWS", 7)
    random, rows = Random(seed), []
    store = place.store(limits=KEPT)
    await store.open()
    for _ in range(25):
        match random.randrange(5):
            case 0 | 1:
                new = some(random, place.clock.now())
                rows += new
                await recorded(place, store, new)
            case 2 | 3:
                await store.prune()
            case _:
                place.clock.advance(timedelta(hours=random.randrange(-200, 300)))
                await abandon(store)
                store = place.store(limits=KEPT)
                await store.open()
        assert counted(read(place)) == expected(rows)
    place.clock.advance(timedelta(days=500))
    await all_pruned(store)
    assert place.sql(FULL)[0]["n"] == 0
    assert counted(read(place)) == expected(rows)
    assert sum(each.tally.longest_microseconds for each in read(place)) > 0


async def test_a_late_one_is_added_to_its_hour(place: StorePlace) -> None:
    """Also if the hour was counted long ago; within a day it is found."""
    store = place.store(limits=KEPT)
    await store.open()
    old = START - timedelta(days=3)
    await recorded(place, store, [found_at(old, took=1.0), found_at(old + timedelta(days=1))])
    await all_pruned(store)
    late = replace(found_at(old + timedelta(minutes=5), took=3.0))
    late = replace(late, outcome=replace(late.outcome, warnings=(Warn.DURATION,)))
    await recorded(place, store, [late])
    assert await store.prune() == Pruned()
    assert counted(read(place)) == expected([found_at(old), found_at(old), found_at(old + timedelta(days=1))])
    place.clock.advance(timedelta(days=1))
    await all_pruned(store)
    first, _ = read(place)
    tally = first.tally
    assert place.sql(FULL)[0]["n"] == 0
    assert (tally.runs, tally.warned, tally.took_microseconds, tally.longest_microseconds) == (
        2,
        1,
        4 * 10**6,
        3 * 10**6,
    )
    assert sum(tally.spread.values()) == 2


async def test_killed_at_any_statement_all_or_nothing_is_done(place: StorePlace) -> None:
    """Deleted and counted, or neither; and the next run does what is left."""
    rows = [found_at(START - timedelta(days=2, minutes=13 * n), SORTS[n % len(SORTS)]) for n in range(20)]
    rows += [found_at(START - timedelta(days=41, minutes=n), SORTS[6]) for n in range(5)]
    store = place.store(limits=KEPT)
    await store.open()
    await recorded(place, store, rows)
    boundary, ended = 0, False
    while not ended:
        death = Death(store, None, each_statement=True)
        death.after(boundary)
        with suppress(Died):
            await store.prune()
            ended = boundary > 0 and death.count <= boundary
        await abandon(store)
        assert counted(read(place)) == expected(rows)
        assert place.sql(FULL)[0]["n"] + place.sql(HOURS)[0]["n"] == len(rows)
        store = place.store(limits=KEPT)
        await store.open()
        boundary += 1
    assert boundary > 3


async def test_a_pruning_whose_answer_was_lost_counts_once(place: StorePlace) -> None:
    """It is done again, and finds nothing."""
    store = place.store(limits=KEPT)
    await store.open()
    rows = [found_at(START - timedelta(days=2, minutes=n)) for n in range(9)]
    await recorded(place, store, rows)
    lost = AnswerLost(store, unavailable(place))
    with suppress(Exception):
        await store.prune()
    assert lost.calls == 1
    await all_pruned(store)
    assert counted(read(place)) == expected(rows)


async def test_counts_are_forgotten_last(place: StorePlace) -> None:
    """A day of them at a time, those of other vantages not at all, and never before what waits to be counted."""
    limits = replace(KEPT, keep_hours=timedelta(days=100))
    store = place.store(limits=limits)
    await store.open()
    rows = [found_at(START - timedelta(days=99 + n), probe=probe) for n in range(5) for probe in ("portal", "api")]
    await recorded(place, store, rows)
    assert await store.prune() == Pruned(good=10, hours=2, is_more=True)
    await all_pruned(store)
    assert [each.hour_at for each in read(place)] == [START - timedelta(days=days) for days in (100, 100, 99, 99)]


async def test_a_damaged_spread_keeps_nothing_from_being_counted(place: StorePlace) -> None:
    """The counts go on; the quantile begins anew."""
    store = place.store(limits=KEPT)
    await store.open()
    await recorded(place, store, [found_at(START - timedelta(days=2)), found_at(START - timedelta(days=2, seconds=-9))])
    await all_pruned(store)
    place.sql(
        "UPDATE outcome_hours SET spread = :bad WHERE series IN (SELECT id FROM series WHERE vantage = :vantage)",
        bad=b"\x01",
    )
    place.clock.advance(timedelta(days=1))
    await recorded(place, store, [found_at(START - timedelta(days=2, seconds=-20))])
    await all_pruned(store)
    (only,) = read(place)
    assert (only.tally.runs, sum(only.tally.spread.values())) == (3, 1)


async def test_one_asks_for_hours_and_probes(place: StorePlace) -> None:
    """Hours that began within, of one platform's probe; a part of an hour that began before is left out."""
    store = place.store(limits=KEPT)
    await store.open()
    since = hour_at(hour_of(START)) - timedelta(days=3)
    rows = [found_at(since + n * HOUR / 2, probe=probe) for n in range(8) for probe in ("portal", "api")]
    rows.append(replace(found_at(since), platform="other"))
    await recorded(place, store, rows)
    for _ in range(2):
        found = read(place, TallyQuery(since + HOUR / 2, since + 3 * HOUR, "payments", "api"))
        assert counted(found) == expected([row for row in rows if row.probe == "api"][2:6])
        assert {(each.platform, each.function) for each in found} == {("payments", "sign_in")}
        await all_pruned(store)
