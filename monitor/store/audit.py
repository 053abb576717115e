"""The audit as a hash chain, one per vantage, written in the same transaction as what it tells of."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import cast

from sqlalchemy import Connection, RowMapping, bindparam, insert, select

from glasswatch.canonical import canonical
from glasswatch.chain import GENESIS, Entry, entry_hash
from monitor.model.record import AuditEntry, ChainHead
from monitor.store.identity import Identity
from monitor.store.schema import audit

_LAST = (
    select(audit.c.seq, audit.c.hash)
    .where(audit.c.vantage == bindparam("for_vantage"))
    .order_by(audit.c.seq.desc())
    .limit(1)
)


def head(connection: Connection, vantage: str) -> ChainHead:
    """Return where the vantage's chain ends."""
    last = connection.execute(_LAST, {"for_vantage": vantage}).first()
    return ChainHead(last.seq, last.hash) if last else ChainHead(0, GENESIS)


def holds(connection: Connection, vantage: str, known: ChainHead) -> bool:
    """Return whether the vantage's chain holds this very entry."""
    found = connection.scalar(select(audit.c.hash).where(audit.c.vantage == vantage, audit.c.seq == known.seq))
    return bool(found == known.head)


def append(
    connection: Connection, identity: Identity, platform: str | None, entries: Iterable[AuditEntry]
) -> ChainHead:
    """Add entries to the chain; return where it ends then."""
    end = head(connection, identity.vantage)
    seq, prev = end.seq, end.head
    rows = []
    for entry in entries:
        seq += 1
        body = _body(identity, platform, entry)
        digest = entry_hash(prev, seq, body)
        rows.append(
            {
                "vantage": identity.vantage,
                "seq": seq,
                "at": entry.at,
                "platform": platform,
                "kind": entry.kind,
                "actor": entry.actor,
                "entry": canonical(body).decode(),
                "prev": prev,
                "hash": digest,
            }
        )
        prev = digest
    if rows:
        connection.execute(insert(audit), rows)
    return ChainHead(seq, prev)


def _body(identity: Identity, platform: str | None, entry: AuditEntry) -> dict[str, object]:
    return {
        "deployment": identity.deployment,
        "vantage": identity.vantage,
        "platform": platform,
        "at": entry.at.astimezone(UTC).isoformat(),
        "kind": entry.kind,
        "actor": entry.actor,
        "body": dict(entry.body),
    }


def read(connection: Connection, vantage: str, after: int, limit: int) -> list[Entry]:
    """Return at most `limit` entries of the vantage's chain that follow number `after`."""
    rows = connection.execute(
        select(audit).where(audit.c.vantage == vantage, audit.c.seq > after).order_by(audit.c.seq).limit(limit)
    )
    return [Entry(row["seq"], row["prev"], _stored_body(row), row["hash"]) for row in rows.mappings()]


def _stored_body(row: RowMapping) -> Mapping[str, object]:
    # One asks by the columns, but only `entry` is under the hash: where they differ, nothing is what was written.
    try:
        body = json.loads(row["entry"])
        shown = {name: row[name] for name in ("vantage", "platform", "kind", "actor")}
        if {name: body[name] for name in shown} == shown and body["at"] == row["at"].isoformat():
            return cast("dict[str, object]", body)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    return {}
