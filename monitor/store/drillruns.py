"""Runs of drills: written with a head, their pages and their audit in one transaction.

A step given again, because its answer was lost, is recognised by the record it leaves: it is written once.
"""

import logging
from typing import Any

from sqlalchemy import Connection, Select, select

from monitor.errors import StoreUnusable
from monitor.model.drill import DrillQuery, DrillRun, HeadAct, JournalHead, KnownHead, RunCommit
from monitor.model.record import ChainHead
from monitor.store import audit, pages
from monitor.store.codec import decode, encode
from monitor.store.identity import Identity
from monitor.store.schema import drill_heads, drill_runs
from monitor.store.upserts import adding, replacing

log = logging.getLogger("glasswatch.store")


def write(connection: Connection, identity: Identity, commit: RunCommit) -> ChainHead:
    """Write a run as it is after a step, a head, its pages and its audit; return where the audit chain ends."""
    run, vantage = commit.run, identity.vantage
    record = encode(run)
    known = select(drill_runs.c.record).where(drill_runs.c.vantage == vantage, drill_runs.c.run == run.id)
    if connection.scalar(known) == record:
        return audit.head(connection, vantage)
    connection.execute(replacing(connection, drill_runs), _row(vantage, run, record))
    if commit.head is not None:
        connection.execute(adding(connection, drill_heads), _head_row(vantage, run, commit.head))
    pages.write(connection, vantage, commit.pages)
    return audit.append(connection, identity, run.opening.platform, commit.audit)


def read(connection: Connection, vantage: str, query: DrillQuery) -> list[DrillRun]:
    """Return the runs asked for, newest opened first. One that is damaged is logged and left out."""
    found = []
    for row in connection.execute(_asked(vantage, query).limit(max(query.limit, 0))):
        try:
            found.append(decode(DrillRun, row.record, what=f"drill run {row.run}"))
        except StoreUnusable as fault:
            # One damaged run must not keep the others from being seen.
            log.error("drill_run_unreadable", extra={"fields": {"error": str(fault)}})  # noqa: TRY400 - no traceback for damage
    return found


def heads(connection: Connection, vantage: str, run: str, seq: int | None = None) -> list[KnownHead]:
    """Return the heads of a run that were told of, in the journal's order; with `seq`, those of one entry."""
    columns = drill_heads.c
    asked = select(drill_heads).where(columns.vantage == vantage, columns.run == run)
    if seq is not None:
        asked = asked.where(columns.seq == seq)
    rows = connection.execute(asked.order_by(columns.seq, columns.at))
    return [KnownHead(JournalHead(row.seq, row.hash), row.at, HeadAct(row.act), row.receipt) for row in rows]


def _asked(vantage: str, query: DrillQuery) -> Select[Any]:
    columns = drill_runs.c
    asked = select(columns.run, columns.record).where(columns.vantage == vantage)
    equal = {
        columns.run: query.run,
        columns.scenario: query.scenario,
        columns.platform: query.platform,
        columns.is_watched: query.is_watched,
        columns.is_passed: query.is_passed,
    }
    for column, wanted in equal.items():
        if wanted is not None:
            asked = asked.where(column == wanted)
    if query.since is not None:
        asked = asked.where(columns.opened_at >= query.since)
    if query.is_closed is not None:
        asked = asked.where(columns.closed_at.is_not(None) if query.is_closed else columns.closed_at.is_(None))
    return asked.order_by(columns.opened_at.desc(), columns.run.desc())


def _row(vantage: str, run: DrillRun, record: str) -> dict[str, object]:
    return {
        "vantage": vantage,
        "run": run.id,
        "scenario": run.opening.scenario,
        "platform": run.opening.platform,
        "opened_at": run.opened_at,
        "closed_at": run.closed_at,
        "is_watched": run.is_watched,
        "is_passed": run.passed_at is not None,
        "record": record,
    }


def _head_row(vantage: str, run: DrillRun, known: KnownHead) -> dict[str, object]:
    return {
        "vantage": vantage,
        "run": run.id,
        "seq": known.head.seq,
        "act": known.act.value,
        "at": known.at,
        "hash": known.head.hash,
        "receipt": known.receipt,
    }
