"""Signs of life and blind spans: what tells a gap from health.

- Signs of life close to each other make one span; one that comes late, or from a clock set back, begins another.
- What a new run writes begins a span of its own.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, insert, update

from monitor.store.identity import Identity, Limits
from monitor.store.schema import alive_spans, blind_spans
from monitor.store.upserts import replacing
from monitor.store.writer import Ending


class _Span(NamedTuple):
    id: int
    until: datetime


class Life:
    """Writes this run's signs of life. Lives on the writer's thread."""

    def __init__(self, identity: Identity, limits: Limits) -> None:
        self._identity = identity
        self._gap = timedelta(seconds=limits.alive_gap_seconds)
        self._span: _Span | None = None
        self._written: _Span | None = None

    def write(self, connection: Connection, at: datetime) -> None:
        """Note that the monitor lived at this time."""
        span = self._span
        if span is not None and timedelta() <= at - span.until <= self._gap:
            connection.execute(update(alive_spans).where(alive_spans.c.id == span.id).values(until=at))
            self._written = _Span(span.id, at)
            return
        row = {"vantage": self._identity.vantage, "run": self._identity.run, "since": at, "until": at}
        made = connection.execute(insert(alive_spans).returning(alive_spans.c.id), row).scalar_one()
        self._written = _Span(made, at)

    def ended(self, ending: Ending) -> None:
        """Take note of how writing it ended."""
        if ending is Ending.WRITTEN:
            self._span = self._written
        elif ending is Ending.DOUBTFUL:
            self._span = None


def write_blind(connection: Connection, vantage: str, since: datetime, until: datetime | None) -> None:
    """Note when the vantage could not see; the same `since` again says when it ended."""
    connection.execute(replacing(connection, blind_spans), {"vantage": vantage, "since": since, "until": until})
