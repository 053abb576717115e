"""The hourly counts: outcomes that are deleted are added to them in the same transaction; and reading both as one.

- An outcome stands in `outcomes` or is counted in its hour, never both and never neither: a reader adds the two up.
- What is added is what the deletion itself returned. So it does not matter how often a deletion is tried, when an
  outcome came, or what the clock did: a late one is added to its hour as it goes.
- A spread that is damaged is logged and begun anew: a quantile must not keep outcomes from being counted.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, delete, select, type_coerce

from monitor.model.tally import HourTally, Sort, Tally, TallyQuery
from monitor.rules.tally import HOUR, added, hour_at, hour_of, of, packed, unpacked
from monitor.store.schema import outcome_hours, outcomes, series
from monitor.store.upserts import replacing

log = logging.getLogger("glasswatch.store")

# Without our own type for times: a slice of pruning should take as little as can be.
_STARTED = type_coerce(outcomes.c.started_at, BigInteger)
_COUNTED = (
    _STARTED,
    *(outcomes.c[name] for name in ("duration_seconds", "warnings")),
    *(outcomes.c[name] for name in ("series", "kind", "reason", "attempt", "is_believed")),
)
_HOUR_MICROSECONDS = 3_600_000_000


# Hour, series, kind, reason, attempt, is_believed: plain, because there are hundreds of thousands of them.
_Key = tuple[int, int, str, str, str, bool]


def move(connection: Connection, which: ColumnElement[bool]) -> int:
    """Delete these outcomes and count them in their hours; return how many there were."""
    gone = connection.execute(delete(outcomes).where(which).returning(*_COUNTED)).all()
    if gone:
        _add(connection, _by_hour(gone))
    return len(gone)


def forget(connection: Connection, ours: Select[tuple[int]], before: datetime) -> int:
    """Delete a vantage's hours that began before this hour, a day's at most; return how many rows that were."""
    is_ours = outcome_hours.c.series.in_(ours)
    oldest = connection.scalar(select(outcome_hours.c.hour).where(is_ours).order_by(outcome_hours.c.hour).limit(1))
    if oldest is None or oldest >= hour_of(before):
        return 0
    until = min(oldest + 24, hour_of(before))
    return connection.execute(delete(outcome_hours).where(outcome_hours.c.hour < until, is_ours)).rowcount


def read(connection: Connection, vantage: str, query: TallyQuery) -> list[HourTally]:
    """Return the counts of these hours, whether their outcomes are still there or not, oldest first."""
    named = _series(connection, vantage, query)
    first, last = hour_of(query.since + HOUR - HOUR.resolution), hour_of(query.until - HOUR.resolution)
    of_hours = outcome_hours.c.hour.between(first, last) & outcome_hours.c.series.in_(named)
    found = dict(_stored(connection, of_hours))
    began = outcomes.c.started_at >= hour_at(first), outcomes.c.started_at < hour_at(last + 1)
    standing = connection.execute(select(*_COUNTED).where(*began, outcomes.c.series.in_(named)))
    for key, tally in _by_hour(standing).items():
        found[key] = added((found[key], tally)) if key in found else tally
    ordered = sorted(found.items(), key=lambda item: (item[0][0], named[item[0][1]], item[0][2:]))
    return [
        HourTally(*named[number], hour_at(hour), Sort(kind, reason, attempt, is_believed), tally)
        for (hour, number, kind, reason, attempt, is_believed), tally in ordered
    ]


def _series(connection: Connection, vantage: str, query: TallyQuery) -> dict[int, tuple[str, str, str]]:
    asked = select(series).where(series.c.vantage == vantage)
    if query.platform is not None:
        asked = asked.where(series.c.platform == query.platform)
    if query.probe is not None:
        asked = asked.where(series.c.probe == query.probe)
    return {row.id: (row.platform, row.probe, row.function) for row in connection.execute(asked)}


def _by_hour(rows: Iterable[Any]) -> dict[_Key, Tally]:
    found: dict[_Key, tuple[list[float], list[bool]]] = defaultdict(lambda: ([], []))
    for row in rows:
        began, took, warnings, number, kind, reason, attempt, is_believed = row
        durations, warned = found[began // _HOUR_MICROSECONDS, number, kind, reason, attempt, bool(is_believed)]
        durations.append(took)
        if warnings:
            warned.append(True)
    return {key: of(durations, len(warned)) for key, (durations, warned) in found.items()}


def _add(connection: Connection, tallies: dict[_Key, Tally]) -> None:
    held: dict[_Key, Tally] = {}
    by_hour: dict[int, set[int]] = defaultdict(set)
    for hour, number, *_ in tallies:
        by_hour[hour].add(number)
    for hour, names in by_hour.items():
        held |= _stored(connection, (outcome_hours.c.hour == hour) & outcome_hours.c.series.in_(names))
    rows = [_row(key, added((held[key], tallies[key])) if key in held else tallies[key]) for key in sorted(tallies)]
    connection.execute(replacing(connection, outcome_hours), rows)


def _stored(connection: Connection, which: ColumnElement[bool]) -> Iterator[tuple[_Key, Tally]]:
    for row in connection.execute(select(outcome_hours).where(which)):
        hour, number, kind, reason, attempt, is_believed, runs, warned, took, longest, packed_spread = row
        try:
            spread = unpacked(packed_spread)
        except ValueError:
            log.error("hour_damaged", extra={"fields": {"hour": hour_at(hour).isoformat(), "series": number}})  # noqa: TRY400 - no traceback for damage
            spread = {}
        key = (hour, number, kind, reason, attempt, bool(is_believed))
        yield key, Tally(runs, warned, took, longest, spread)


def _row(key: _Key, tally: Tally) -> dict[str, object]:
    names = ("hour", "series", "kind", "reason", "attempt", "is_believed")
    return {
        **dict(zip(names, key, strict=True)),
        "runs": tally.runs,
        "warned": tally.warned,
        "took_microseconds": tally.took_microseconds,
        "longest_microseconds": tally.longest_microseconds,
        "spread": packed(tally.spread),
    }
