"""Reads what `monitor.rules.storecheck` judges, and has the database look itself over. Writes nothing."""

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, select, text

from monitor.model.state import Outage
from monitor.model.tally import Tally
from monitor.rules.storecheck import Kept, OpenCause, Records, Span, hour_flaw
from monitor.rules.tally import hour_at, unpacked
from monitor.store import loading
from monitor.store.codec import decode
from monitor.store.schema import (
    HEAD,
    alive_spans,
    blind_spans,
    causes,
    flag_documents,
    outages,
    outcome_hours,
    revision_table,
    series,
)

_MOST_SHOWN = 20


def revision_flaw(connection: Connection) -> str | None:
    """Return what keeps this version from reading all of it; None where nothing does."""
    stored = connection.scalar(select(revision_table.c.version_num))
    if stored == HEAD:
        return None
    return f"its schema is {stored}, this version's is {HEAD}: check it with the version that wrote it"


def database_flaws(connection: Connection) -> list[str]:
    """Return what SQLite finds damaged. Of PostgreSQL nothing: its files are the server's affair."""
    if connection.dialect.name != "sqlite":
        return []
    found = [str(row[0]) for row in connection.execute(text(f"PRAGMA integrity_check({_MOST_SHOWN})"))]
    flaws = [line for line in found if line != "ok"]
    dangling = connection.execute(text("PRAGMA foreign_key_check")).fetchmany(_MOST_SHOWN)
    return flaws + [f"a row of {row[0]} refers to one of {row[2]} that is not there" for row in dangling]


def records(connection: Connection, vantage: str) -> Records:
    """Return what is on record of a vantage.

    Raises:
        StoreUnusable: a row is damaged, or written by a newer version.
    """
    loaded = loading.load(connection, vantage)
    found = connection.execute(select(outages.c.outage, outages.c.record).where(outages.c.vantage == vantage))
    open_ones = select(causes.c.platform, causes.c.kind, causes.c.cause).where(causes.c.ended_at.is_(None))
    alive = select(alive_spans.c.since, alive_spans.c.until).where(alive_spans.c.vantage == vantage)
    blind = select(blind_spans.c.since, blind_spans.c.until).where(blind_spans.c.vantage == vantage)
    return Records(
        platforms=loaded.platforms,
        outages=[decode(Outage, row.record, what=f"outage {row.outage}") for row in found],
        open_causes=[OpenCause(*row) for row in connection.execute(open_ones.where(causes.c.vantage == vantage))],
        documents=list(_documents(connection, vantage)),
        alive=[Span(*row) for row in connection.execute(alive.order_by(alive_spans.c.id))],
        blind=[Span(*row) for row in connection.execute(blind.order_by(blind_spans.c.since))],
    )


def hour_flaws(connection: Connection, vantage: str) -> list[str]:
    """Return which hourly counts can't be, the first few."""
    ours = select(series.c.id).where(series.c.vantage == vantage)
    found = []
    for row in connection.execute(select(outcome_hours).where(outcome_hours.c.series.in_(ours))):
        flaw = _hour_flaw(row)
        if flaw is not None:
            found.append(f"the hour {hour_at(row.hour):%Y-%m-%d %H:%M}Z of series {row.series} {flaw}")
            if len(found) >= _MOST_SHOWN:
                break
    return found


def _hour_flaw(row: Row[Any]) -> str | None:
    try:
        is_whole = sum(unpacked(row.spread).values()) <= row.runs
    except ValueError:
        is_whole = False
    tally = Tally(row.runs, row.warned, row.took_microseconds, row.longest_microseconds)
    return hour_flaw(tally, is_spread_whole=is_whole)


def _documents(connection: Connection, vantage: str) -> Iterator[Kept]:
    asked = select(flag_documents).where(flag_documents.c.vantage == vantage)
    for row in connection.execute(asked):
        is_whole = hashlib.sha256(row.jws.encode()).hexdigest() == row.sha256
        yield Kept(row.platform, row.ver, row.change, is_whole)
