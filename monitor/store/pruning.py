"""Forgets outcomes whose time is over. Failures are kept for longer than good ones.

Rules:
- One call looks at `ROWS` rows at most and deletes those that are over: a short transaction, between which all else on
  the writer's thread gets its turn.
- Good outcomes go first. What is passed over by then, failures, is not looked at again in this run.
- Only outcomes are ever deleted: no transition, no outage, nothing of the audit, nothing of another vantage.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, select

from monitor.model.record import Pruned
from monitor.store.identity import Limits
from monitor.store.schema import outcomes, series

ROWS: Final = 1000
_A_BIT: Final = timedelta(microseconds=1)


class Pruning:
    """Where it got to. Used on the writer's thread only."""

    def __init__(self, vantage: str, limits: Limits) -> None:
        self._ours = select(series.c.id).where(series.c.vantage == vantage)
        self._keep_good = limits.keep_good
        self._keep_failures = limits.keep_failures
        self._passed: datetime | None = None  # no good outcome that is over is older

    def prune(self, connection: Connection, now: datetime) -> Pruned:
        """Delete one batch of each."""
        good, good_left = self._good(connection, now)
        failures, failures_left = self._failures(connection, now)
        return Pruned(good, failures, is_more=good_left or failures_left)

    def _good(self, connection: Connection, now: datetime) -> tuple[int, bool]:
        if self._keep_good is None:
            return 0, False
        rows = self._oldest(connection, now - self._keep_good, self._passed)
        if not rows:
            return 0, False
        over = outcomes.c.started_at.between(rows[0], rows[-1])
        gone = connection.execute(delete(outcomes).where(over, self._is_ours, outcomes.c.kind == "good")).rowcount
        self._passed = rows[-1] + _A_BIT
        return gone, len(rows) == ROWS

    def _failures(self, connection: Connection, now: datetime) -> tuple[int, bool]:
        if self._keep_failures is None:
            return 0, False
        rows = self._oldest(connection, now - self._keep_failures, None)
        if not rows:
            return 0, False
        gone = connection.execute(delete(outcomes).where(outcomes.c.started_at <= rows[-1], self._is_ours)).rowcount
        return gone, len(rows) == ROWS

    @property
    def _is_ours(self) -> ColumnElement[bool]:
        return outcomes.c.series.in_(self._ours)

    def _oldest(self, connection: Connection, until: datetime, since: datetime | None) -> Sequence[datetime]:
        """Return when the oldest of our outcomes began, those from `since` and before `until`."""
        found = select(outcomes.c.started_at).where(outcomes.c.started_at < until, self._is_ours)
        if since is not None:
            found = found.where(outcomes.c.started_at >= since)
        return [began for (began,) in connection.execute(found.order_by(outcomes.c.started_at).limit(ROWS))]
