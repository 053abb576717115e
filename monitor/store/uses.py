"""Uses of break-glass: written with their pages and audit in one transaction; and what was held around an instant.

A step given again, because its answer was lost, is recognised by the record it leaves: it is written once.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, select

from monitor.errors import StoreUnusable
from monitor.model.record import ChainHead
from monitor.model.state import Cause
from monitor.model.use import CauseSpan, Held, Use, UseCommit, UseQuery
from monitor.store import audit, pages
from monitor.store.codec import decode, encode
from monitor.store.history import Scope
from monitor.store.identity import Identity
from monitor.store.schema import alive_spans, causes, uses, watch_cursors
from monitor.store.upserts import replacing

log = logging.getLogger("glasswatch.store")


def write(connection: Connection, identity: Identity, commit: UseCommit) -> ChainHead:
    """Write a use as it is after a step, its pages and its audit; return where the audit chain ends."""
    use, vantage = commit.use, identity.vantage
    record = encode(use)
    known = select(uses.c.record).where(uses.c.vantage == vantage, uses.c.use == use.id)
    if connection.scalar(known) == record:
        return audit.head(connection, vantage)
    connection.execute(replacing(connection, uses), _row(vantage, use, record))
    pages.write(connection, vantage, commit.pages)
    return audit.append(connection, identity, use.platform, commit.audit)


def read(connection: Connection, vantage: str, query: UseQuery) -> list[Use]:
    """Return the uses asked for, newest received first. One that is damaged is logged and left out."""
    rows = connection.execute(_asked(vantage, query).limit(max(query.limit, 0)))
    found = []
    for row in rows:
        try:
            found.append(decode(Use, row.record, what=f"use {row.use}"))
        except StoreUnusable as fault:
            # One damaged use must not keep the others from being seen.
            log.error("use_unreadable", extra={"fields": {"error": str(fault)}})  # noqa: TRY400 - no traceback for damage
    return found


def held_around(connection: Connection, scope: Scope, at: datetime, within: timedelta, valid: timedelta) -> Held:
    """Return what was held of a platform's flag within so much of an instant.

    `valid` is how long a document outlives the monitor that signed it: for so long after the last sign of life what
    it held still counts.
    """
    since, until = at - within, at + within
    found = connection.execute(
        select(causes.c.record, causes.c.added_at, causes.c.ended_at, causes.c.cause)
        .where(causes.c.vantage == scope.vantage, causes.c.platform == scope.platform)
        .where(causes.c.added_at <= until, causes.c.ended_at.is_(None) | (causes.c.ended_at > since))
        .order_by(causes.c.id)
    )
    spans = tuple(
        CauseSpan(decode(Cause, row.record, what=f"cause {row.cause}"), row.added_at, row.ended_at) for row in found
    )
    alive = select(alive_spans.c.id).where(
        alive_spans.c.vantage == scope.vantage, alive_spans.c.since <= until, alive_spans.c.until >= since - valid
    )
    return Held(connection.scalar(alive.limit(1)) is not None, spans)


def place(connection: Connection, vantage: str, watcher: str) -> str | None:
    """Return how far a watcher has read; None if it never did."""
    return connection.scalar(
        select(watch_cursors.c.place).where(watch_cursors.c.vantage == vantage, watch_cursors.c.watcher == watcher)
    )


def places(connection: Connection, vantage: str, prefix: str) -> dict[str, str]:
    """Return how far each watcher whose name begins so has read."""
    columns = watch_cursors.c
    asked = select(columns.watcher, columns.place).where(columns.vantage == vantage)
    found = connection.execute(asked.where(columns.watcher.startswith(prefix, autoescape=True)))
    return {row.watcher: row.place for row in found}


def keep_place(connection: Connection, vantage: str, watcher: str, at: str) -> None:
    """Write how far a watcher has read."""
    row = {"vantage": vantage, "watcher": watcher, "place": at}
    connection.execute(replacing(connection, watch_cursors), row)


def _asked(vantage: str, query: UseQuery) -> Select[Any]:
    asked = select(uses.c.use, uses.c.record).where(uses.c.vantage == vantage)
    if query.platform is not None:
        asked = asked.where(uses.c.platform == query.platform)
    if query.is_open is not None:
        asked = asked.where(uses.c.is_open == query.is_open)
    if query.ids:
        asked = asked.where(uses.c.use.in_(query.ids) | uses.c.reported.in_(query.ids) | uses.c.found.in_(query.ids))
    if query.target is not None:
        asked = asked.where(uses.c.target == query.target)
    if query.received_since is not None:
        asked = asked.where(uses.c.received_at >= query.received_since)
    if query.since_at is not None:
        asked = asked.where(uses.c.at >= query.since_at)
    if query.until_at is not None:
        asked = asked.where(uses.c.at <= query.until_at)
    return asked.order_by(uses.c.received_at.desc(), uses.c.use.desc())


def _row(vantage: str, use: Use, record: str) -> dict[str, object]:
    return {
        "vantage": vantage,
        "use": use.id,
        "platform": use.platform,
        "reported": use.report.id if use.report is not None else None,
        "found": use.finding.id if use.finding is not None else None,
        "target": use.target,
        "at": use.at,
        "received_at": use.received_at,
        "is_open": use.is_open,
        "record": record,
    }
