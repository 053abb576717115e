"""How long good scheduled attempts took, day by day: from the hourly counts, and from outcomes that still stand.

Outcomes that stand are counted by the database in steps of 5 ms, a day at a time: of a million of them that takes less
than a second, and reading each of them more. An hour belongs to the day in which it began.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Final

from sqlalchemy import BigInteger, Connection, Integer, cast, func, select, type_coerce

from glasswatch.spans import Span
from monitor.model.outcome import Attempt, OutcomeKind
from monitor.rules.tally import hour_at, hour_of, middle_seconds, unpacked
from monitor.store.columns import to_microseconds
from monitor.store.schema import outcome_hours, outcomes, series

_STEPS: Final = 200  # to a second
_GOOD: Final = (OutcomeKind.GOOD.value, Attempt.SCHEDULED.value)

Paces = dict[str, list[Counter[float]]]
"""Of each probe, day by day: how many attempts took how many seconds."""


def read(connection: Connection, vantage: str, platform: str, days: Sequence[Span]) -> Paces:
    """Return how long a platform's probes took on each of these days, which are in order and touch."""
    asked = select(series.c.id, series.c.probe).filter_by(vantage=vantage, platform=platform)
    names = {row.id: row.probe for row in connection.execute(asked)}
    found: Paces = {probe: [Counter() for _ in days] for probe in sorted(set(names.values()))}
    if days and names:
        _add_hours(connection, names, days, found)
        _add_standing(connection, names, days, found)
    return {probe: counts for probe, counts in found.items() if any(counts)}


def joined(parts: Sequence[Paces]) -> Paces:
    """Return what was read day by day as what `read` tells of all of these days."""
    names = sorted({probe for part in parts for probe in part})
    return {probe: [part[probe][0] if probe in part else Counter() for part in parts] for probe in names}


def _add_hours(connection: Connection, names: dict[int, str], days: Sequence[Span], found: Paces) -> None:
    columns = outcome_hours.c
    asked = select(columns.hour, columns.series, columns.spread).where(
        columns.hour.between(hour_of(days[0].start), hour_of(days[-1].end) - 1),
        columns.series.in_(names),
        columns.kind == _GOOD[0],
        columns.attempt == _GOOD[1],
        columns.is_believed,
    )
    starts = [day.start for day in days]
    for hour, number, spread in connection.execute(asked):
        nth = bisect_right(starts, hour_at(hour)) - 1
        if nth < 0:
            continue
        try:
            buckets = unpacked(spread)
        except ValueError:
            continue  # a damaged one is the store's check to tell of
        for bucket, count in buckets.items():
            found[names[number]][nth][middle_seconds(bucket)] += count


def _add_standing(connection: Connection, names: dict[int, str], days: Sequence[Span], found: Paces) -> None:
    columns = outcomes.c
    steps = columns.duration_seconds * _STEPS
    # A cast cuts off here and rounds there.
    step = cast(func.floor(steps), Integer) if connection.dialect.name == "postgresql" else cast(steps, Integer)
    began = type_coerce(columns.started_at, BigInteger)
    for nth, day in enumerate(days):
        asked = (
            select(columns.series, step, func.count())
            .where(
                began >= to_microseconds(day.start),
                began < to_microseconds(day.end),
                columns.kind == _GOOD[0],
                columns.attempt == _GOOD[1],
                columns.is_believed,
            )
            .group_by(columns.series, step)
        )
        for number, at, count in connection.execute(asked):
            if number in names:
                found[names[number]][nth][(at + 0.5) / _STEPS] += count
