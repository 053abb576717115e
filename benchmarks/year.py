"""What a year takes: `python -m benchmarks.year FILE` fills a store as a year of probing would, and measures it.

The last days are really lived, in a time of their own: outcomes recorded, counted and pruned by the store as the
daemon has it. What came before is written as the store would have left it: hourly counts and the failures in full.
"""

import asyncio
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason
from monitor.model.record import OutcomeRow
from monitor.model.tally import Tally, TallyQuery
from monitor.rules.tally import HOUR, hour_of, of, packed
from monitor.settings.store import StoreSettings
from monitor.store.columns import to_microseconds
from monitor.store.identity import Identity, Limits
from monitor.store.reading import Reading
from monitor.store.store import SqlStore

PROBES: Final = 100
INTERVAL: Final = timedelta(seconds=15)
NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
YEAR: Final = timedelta(days=365)
LIVED: Final = timedelta(days=4)  # one day in full, and three that went again
BAD_RATIO: Final = 0.0005  # single failures, each followed by a good confirmation
OUTAGES: Final = 6  # an hour each, of a quarter of the probes
_STEP: Final = timedelta(minutes=10)
_BATCH: Final = 1000


@dataclass
class _Clock:
    """Time as the year passes."""

    at: datetime

    def now(self) -> datetime:
        """Return where the year is."""
        return self.at

    def monotonic(self) -> float:
        """Return real time: the store waits by it."""
        return time.perf_counter()


def attempts(since: datetime, until: datetime, random: Random) -> Iterator[OutcomeRow]:
    """Yield what the probes find from one instant to another."""
    began = since
    while began < until:
        for number in range(PROBES):
            at = began + timedelta(microseconds=number * 150_000 + random.randrange(5000))
            if is_out(at, number):
                yield _row(number, _failed(at, random))
            elif random.random() < BAD_RATIO:
                yield _row(number, _failed(at, random))
                yield _row(number, _good(at + timedelta(seconds=5), random, Attempt.CONFIRMATION))
            else:
                yield _row(number, _good(at, random))
        began += INTERVAL


def is_out(at: datetime, number: int) -> bool:
    """Return whether a probe's platform is out: an hour now and then."""
    hours = hour_of(at) - hour_of(NOW - YEAR)
    return number < PROBES // 4 and hours % (365 * 24 // OUTAGES) == 365 * 24 // OUTAGES - 30


def _row(number: int, found: Outcome) -> OutcomeRow:
    return OutcomeRow(f"platform-{number // 10}", f"probe-{number % 10}", f"function-{number % 5}", found)


def _good(at: datetime, random: Random, attempt: Attempt = Attempt.SCHEDULED) -> Outcome:
    phases = {
        "resolve": random.lognormvariate(-7.5, 0.3),
        "connect": random.lognormvariate(-5, 0.3),
        "tls": random.lognormvariate(-4, 0.3),
        "processing": random.lognormvariate(-3, 0.4),
        "transfer": random.lognormvariate(-7, 0.4),
    }
    expiry = NOW + timedelta(days=60)
    return Outcome(OutcomeKind.GOOD, Reason.OK, "200", at, sum(phases.values()), phases, (), expiry, attempt)


def _failed(at: datetime, random: Random) -> Outcome:
    if random.getrandbits(1):
        return Outcome(OutcomeKind.BAD, Reason.TIMEOUT, "no answer within 5 s", at, 5.0 + random.random() / 100)
    found = _good(at, random)
    return replace(found, kind=OutcomeKind.BAD, reason=Reason.STATUS, detail="503, expected 200")


async def measure(path: Path) -> None:
    """Fill the store and print what it took."""
    kept = StoreSettings(url=f"sqlite:///{path}")
    limits = Limits(
        keep_good=kept.keep_good, keep_failures=kept.keep_failures, keep_hours=kept.keep_hours, batch_seconds=0.01
    )
    clock = _Clock(NOW - LIVED)
    store = SqlStore(f"sqlite:///{path}", Identity("prod", "main", "year"), clock, limits)
    await store.open()
    random = Random(3)  # noqa: S311 - no secret
    store.record(_row(number, _good(clock.now(), random)) for number in range(PROBES))
    await _written(store)
    await store.close()
    before_file(path)
    print(f"the year but its last {LIVED.days} days: {path.stat().st_size / 1e6:.0f} MB", flush=True)
    store = SqlStore(f"sqlite:///{path}", Identity("prod", "main", "year"), clock, limits)
    await store.open()
    print(await _live(store, clock), flush=True)
    await store.close()
    _tell(path)


async def _written(store: SqlStore) -> None:
    while store._buffer.due_in() is not None:  # noqa: SLF001, ASYNC110 - nobody else has to know when a batch is written
        await asyncio.sleep(0.01)


async def _live(store: SqlStore, clock: _Clock) -> str:
    random, slices, recorded = Random(1), [0.0], 0  # noqa: S311 - no secret
    began = time.perf_counter()
    while clock.at < NOW:
        rows = list(attempts(clock.at, clock.at + _STEP, random))
        clock.at += _STEP
        recorded += len(rows)
        for first in range(0, len(rows), _BATCH):
            store.record(rows[first : first + _BATCH])
        await _written(store)
        slices += await _prune(store, clock)
    slices.sort()
    median, high, worst = (slices[round(share * (len(slices) - 1))] * 1e3 for share in (0.5, 0.99, 1))
    return (
        f"lived {LIVED.days} days, {recorded} outcomes, in {time.perf_counter() - began:.0f} s; a slice of pruning and "
        f"the write that waits behind it: median {median:.1f} ms, p99 {high:.1f} ms, worst {worst:.1f} ms"
    )


async def _prune(store: SqlStore, clock: _Clock) -> list[float]:
    """Prune what is due; return how long a write that came just then took, for each slice."""
    took, is_more = [], True
    while is_more:
        begun = time.perf_counter()
        pruning = asyncio.create_task(store.prune())
        await asyncio.sleep(0)
        await store.alive(clock.at)
        spent = time.perf_counter() - begun
        pruned = await pruning
        is_more = pruned.is_more
        if pruned.good:
            took.append(spent)
    return took


def before_file(path: Path) -> None:
    """Write what the store would have left of all but the last days."""
    random = Random(2)  # noqa: S311 - no secret
    plain = [_spread(random) for _ in range(500)]
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        hour, until = hour_of(NOW - YEAR), hour_of(NOW - LIVED)
        while hour < until:
            at = datetime.fromtimestamp(hour * 3600, UTC)
            connection.executemany(_HOUR, _hours(hour, at, plain, random))
            failed = _failures(at, random)
            connection.executemany(_OUTCOME, failed)
            hour += 1
    connection.close()


_HOUR: Final = "INSERT INTO outcome_hours VALUES (?, ?, 'good', 'ok', ?, 1, ?, 0, ?, ?, ?)"
_OUTCOME: Final = "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def _spread(random: Random) -> Tally:
    return of([_good(NOW, random).duration_seconds for _ in range(240)], 0)


def _hours(hour: int, at: datetime, plain: list[Tally], random: Random) -> Iterator[tuple[object, ...]]:
    for number in range(PROBES):
        if not is_out(at, number):
            yield _counts(hour, number, Attempt.SCHEDULED, random.choice(plain))
            if random.random() < BAD_RATIO * 240:
                confirmed = of([_good(NOW, random).duration_seconds], 0)
                yield _counts(hour, number, Attempt.CONFIRMATION, confirmed)


def _counts(hour: int, number: int, attempt: Attempt, tally: Tally) -> tuple[object, ...]:
    taken = (tally.took_microseconds, tally.longest_microseconds, packed(tally.spread))
    return hour, number + 1, attempt.value, tally.runs, *taken


def _failures(at: datetime, random: Random) -> Iterator[tuple[object, ...]]:
    for number in range(PROBES):
        for nth in range(240):
            if is_out(at, number) or random.random() < BAD_RATIO:
                found = _failed(at + nth * INTERVAL + timedelta(microseconds=number * 150_000), random)
                phases = [found.phases.get(name) for name in ("resolve", "connect", "tls", "processing", "transfer")]
                expiry = None if found.tls_expiry_at is None else to_microseconds(found.tls_expiry_at)
                what = (found.kind.value, found.reason.value, found.attempt.value, 1, found.duration_seconds)
                yield number + 1, to_microseconds(found.started_at), 0, *what, *phases, expiry, None, found.detail


def _tell(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for what, statement in _FIGURES.items():
            print(f"{what}: {connection.execute(statement).fetchone()[0]}", flush=True)
    reading = Reading(f"sqlite:///{path}", Identity("prod", "main", "look"))
    quarter = TallyQuery(NOW - timedelta(days=91), NOW - timedelta(days=1))
    day = TallyQuery(NOW - 24 * HOUR, NOW)
    asked = {
        "a quarter's hours of all": quarter,
        "of one probe": replace(quarter, platform="platform-1", probe="probe-1"),
        "a day's": day,
    }
    for what, query in asked.items():
        begun = time.perf_counter()
        found = len(reading.tallies(query))
        print(f"{what}: {found} rows in {time.perf_counter() - begun:.2f} s", flush=True)
    reading.close()


_FIGURES: Final = {
    "outcomes in full": "SELECT count(*) FROM outcomes",
    "of them failures": "SELECT count(*) FROM outcomes WHERE kind <> 'good'",
    "hourly counts": "SELECT count(*) FROM outcome_hours",
    "MB": "SELECT page_count * page_size / 1e6 FROM pragma_page_count, pragma_page_size",
    "MB of it free": "SELECT freelist_count * page_size / 1e6 FROM pragma_freelist_count, pragma_page_size",
}

if __name__ == "__main__":
    asyncio.run(measure(Path(sys.argv[1]).resolve()))
