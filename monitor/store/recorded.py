"""What a vantage recorded of one platform, to be played again: outcomes, when it could not see, when it was away.

Outcomes come in the order in which they began, in parts, each read in a transaction of its own: a monitor that writes
meanwhile is never held up. Good outcomes are kept for less long than others (`store.keep_good`): before the first one
that is kept the record is not whole.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, Row, select, tuple_

from monitor.model.outcome import Attempt, Outcome, OutcomeKind, Reason, Warn
from monitor.model.record import OutageQuery
from monitor.model.state import Outage
from monitor.store.history import read_outages
from monitor.store.reading import Reading
from monitor.store.schema import alive_spans, blind_spans, outcomes, series

_ROWS = 5000
_MOST_OUTAGES = 100_000


class Recorded(NamedTuple):
    """One outcome on record."""

    probe: str
    outcome: Outcome
    ended_at: datetime
    is_believed: bool


class Life(NamedTuple):
    """A span in which a monitor showed signs of life, and which run of it."""

    run: str
    since: datetime
    until: datetime


class Period(NamedTuple):
    """A half-open span of time."""

    since: datetime
    until: datetime


class Record:
    """One vantage's record of one platform.

    Every call may raise `StoreUnavailable` or `StoreUnusable`: it can't be read.
    """

    def __init__(self, reading: Reading, vantage: str, platform: str) -> None:
        self._reading = reading
        self._vantage = vantage
        self._platform = platform
        self._probes = self._series()

    def whole(self) -> Period | None:
        """Return for which time good outcomes are on record; None if there is none."""
        kept = outcomes.c.series.in_(self._probes), outcomes.c.kind == OutcomeKind.GOOD.value
        first = select(outcomes.c.started_at).where(*kept).order_by(outcomes.c.started_at).limit(1)
        last = select(outcomes.c.started_at).where(*kept).order_by(outcomes.c.started_at.desc()).limit(1)
        since, until = self._reading.read(lambda connection: (connection.scalar(first), connection.scalar(last)))
        return None if since is None or until is None else Period(since, until + timedelta(microseconds=1))

    def outcomes(self, period: Period) -> Iterator[Recorded]:
        """Give the outcomes that began in a period."""
        columns = outcomes.c
        key = tuple_(columns.started_at, columns.series, columns.nth)
        asked = (
            select(outcomes)
            .where(columns.series.in_(self._probes), columns.started_at < period.until)
            .order_by(columns.started_at, columns.series, columns.nth)
            .limit(_ROWS)
        )
        part = self._rows(asked.where(columns.started_at >= period.since))
        while part:
            yield from (self._recorded(row) for row in part)
            last = part[-1]
            # The first condition is for the database: it finds the place by it.
            after = columns.started_at >= last.started_at, key > (last.started_at, last.series, last.nth)
            part = self._rows(asked.where(*after)) if len(part) == _ROWS else []

    def blind(self, period: Period) -> list[tuple[datetime, datetime | None]]:
        """Return the spans in which the vantage could not see; None: it still can't."""
        asked = (
            select(blind_spans.c.since, blind_spans.c.until)
            .where(blind_spans.c.vantage == self._vantage, blind_spans.c.since < period.until)
            .where(blind_spans.c.until.is_(None) | (blind_spans.c.until > period.since))
            .order_by(blind_spans.c.since)
        )
        return self._reading.read(lambda connection: [(row[0], row[1]) for row in connection.execute(asked)])

    def alive(self, period: Period) -> list[Life]:
        """Return the spans in which a monitor showed signs of life, in the order in which they were written."""
        asked = (
            select(alive_spans.c.run, alive_spans.c.since, alive_spans.c.until)
            .where(alive_spans.c.vantage == self._vantage, alive_spans.c.since < period.until)
            .where(alive_spans.c.until >= period.since)
            .order_by(alive_spans.c.id)
        )
        return self._reading.read(lambda connection: [Life(*row) for row in connection.execute(asked)])

    def outages(self, period: Period) -> list[Outage]:
        """Return the outages that were found in the period, oldest first."""
        query = OutageQuery(self._platform, period.since, _MOST_OUTAGES)
        found = self._reading.read(lambda connection: read_outages(connection, self._vantage, query))
        return [each for each in reversed(found) if each.opened_at < period.until]

    def _series(self) -> dict[int, str]:
        asked = select(series.c.id, series.c.probe).where(
            series.c.vantage == self._vantage, series.c.platform == self._platform
        )
        return self._reading.read(lambda connection: {row.id: row.probe for row in connection.execute(asked)})

    def _rows(self, asked: object) -> list[Row[tuple[object, ...]]]:
        def work(connection: Connection) -> list[Row[tuple[object, ...]]]:
            return list(connection.execute(asked))  # type: ignore[call-overload]  # a select, whatever its columns

        return self._reading.read(work)

    def _recorded(self, row: Row[tuple[object, ...]]) -> Recorded:
        outcome = Outcome(
            OutcomeKind(row.kind),
            Reason(row.reason),
            row.detail or "",
            row.started_at,
            row.duration_seconds,
            warnings=tuple(Warn(each) for each in row.warnings.split(",")) if row.warnings else (),
            attempt=Attempt(row.attempt),
        )
        ended_at = row.started_at + timedelta(seconds=row.duration_seconds)
        return Recorded(self._probes[row.series], outcome, ended_at, row.is_believed)
