"""Forgets outcomes whose time is over, and counts them by the hour. Failures are kept for longer than good ones.

Rules:
- One call looks at `ROWS` rows at most and deletes those that are over: a short transaction, between which all else on
  the writer's thread gets its turn. Deleted and counted is one transaction: killed anywhere, nothing is lost or twice.
- Good outcomes go first. What is passed over by then, failures, is not looked at again for a day: then all of it is,
  in case that a good one came late.
- The counts are kept for longer than any outcome; they go when no outcome waits to be counted.
- Nothing else is ever deleted: no transition, no outage, nothing of the audit, nothing of another vantage.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from monitor.model.record import Pruned
from monitor.store import hours
from monitor.store.identity import Limits
from monitor.store.schema import outcomes, series

ROWS: Final = 500
ANEW: Final = timedelta(days=1)
_A_BIT: Final = timedelta(microseconds=1)


class Pruning:
    """Where it got to. Used on the writer's thread only."""

    def __init__(self, vantage: str, limits: Limits) -> None:
        self._ours = select(series.c.id).where(series.c.vantage == vantage)
        self._limits = limits
        self._passed: datetime | None = None  # no good outcome that is over is older
        self._began_at: datetime | None = None  # when it was looked at from the oldest on

    def prune(self, connection: Connection, now: datetime) -> Pruned:
        """Delete one batch of each."""
        good, good_left = self._good(connection, now)
        failures, failures_left = self._failures(connection, now)
        keep, forgotten = self._limits.keep_hours, 0
        if keep is not None and not good_left and not failures_left:
            forgotten = hours.forget(connection, self._ours, now - keep)
        return Pruned(good, failures, forgotten, is_more=good_left or failures_left or forgotten > 0)

    def _good(self, connection: Connection, now: datetime) -> tuple[int, bool]:
        if self._limits.keep_good is None:
            return 0, False
        if self._began_at is None or abs(now - self._began_at) >= ANEW:
            self._passed, self._began_at = None, now
        rows = self._oldest(connection, now - self._limits.keep_good, self._passed)
        if not rows:
            return 0, False
        over = outcomes.c.started_at.between(rows[0], rows[-1])
        gone = hours.move(connection, over & self._is_ours & (outcomes.c.kind == "good"))
        self._passed = rows[-1] + _A_BIT
        return gone, len(rows) == ROWS

    def _failures(self, connection: Connection, now: datetime) -> tuple[int, bool]:
        if self._limits.keep_failures is None:
            return 0, False
        rows = self._oldest(connection, now - self._limits.keep_failures, None)
        if not rows:
            return 0, False
        return hours.move(connection, (outcomes.c.started_at <= rows[-1]) & self._is_ours), len(rows) == ROWS

    @property
    def _is_ours(self) -> ColumnElement[bool]:
        return outcomes.c.series.in_(self._ours)

    def _oldest(self, connection: Connection, until: datetime, since: datetime | None) -> Sequence[datetime]:
        """Return when the oldest of our outcomes began, those from `since` and before `until`."""
        found = select(outcomes.c.started_at).where(outcomes.c.started_at < until, self._is_ours)
        if since is not None:
            found = found.where(outcomes.c.started_at >= since)
        return [began for (began,) in connection.execute(found.order_by(outcomes.c.started_at).limit(ROWS))]
