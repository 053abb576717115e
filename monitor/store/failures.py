"""Reads the outcomes of a probe that were not good, newest first: an index holds them, and them alone."""

from collections.abc import Sequence

from sqlalchemy import Connection, Row, select, text

from monitor.model.explanation import Attempted
from monitor.model.outcome import PHASES, Attempt, Outcome, OutcomeKind, Reason, Warn
from monitor.model.record import FailureQuery
from monitor.store.history import Scope
from monitor.store.schema import NOT_GOOD, outcomes, series


def read(connection: Connection, scope: Scope, query: FailureQuery) -> Sequence[Attempted]:
    """Return them; the probe may have watched for several functions in its time.

    What a newer version wrote and this one has no word for is left out.
    """
    which = select(series.c.id).filter_by(vantage=scope.vantage, platform=scope.platform, probe=query.probe)
    found = []
    for (number,) in connection.execute(which).all():
        # The condition as text: with a parameter in it SQLite would not know that the index fits.
        newest = (
            select(outcomes)
            .where(outcomes.c.series == number, text(NOT_GOOD))
            .order_by(outcomes.c.started_at.desc(), outcomes.c.nth.desc())
            .limit(query.limit)
        )
        found += [each for row in connection.execute(newest) if (each := _attempted(row)) is not None]
    return sorted(found, key=lambda each: each.outcome.started_at, reverse=True)[: query.limit]


def _attempted(row: Row[tuple[object, ...]]) -> Attempted | None:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    try:
        outcome = Outcome(
            kind=OutcomeKind(columns["kind"]),
            reason=Reason(columns["reason"]),
            detail=columns["detail"] or "",
            started_at=columns["started_at"],
            duration_seconds=columns["duration_seconds"],
            phases={name: seconds for name in PHASES if (seconds := columns[f"{name}_seconds"]) is not None},
            warnings=tuple(Warn(each) for each in (columns["warnings"] or "").split(",") if each),
            tls_expiry_at=columns["tls_expiry_at"],
            attempt=Attempt(columns["attempt"]),
        )
    except ValueError:
        return None
    return Attempted(outcome, is_believed=bool(columns["is_believed"]))
