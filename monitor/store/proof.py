"""Reads where the audit's chain ends, and which of its entries tell of which outage: what a report is held to."""

import json
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from monitor.rules.slavalues import Proof
from monitor.store.audit import head
from monitor.store.schema import audit

_KINDS: Final = ("outage_opened", "outage_widened", "outage_ended", "outage_reopened")


def read(connection: Connection, vantage: str, platform: str, since: datetime) -> Proof:
    """Return what the chain has from an instant on. An entry that can't be read tells of nothing."""
    end = head(connection, vantage)
    asked = select(audit.c.seq, audit.c.entry).where(
        audit.c.vantage == vantage, audit.c.platform == platform, audit.c.kind.in_(_KINDS), audit.c.at >= since
    )
    entries: dict[str, list[int]] = {}
    for seq, entry in connection.execute(asked.order_by(audit.c.seq)):
        try:
            outage = json.loads(entry)["body"]["outage"]
        except (ValueError, TypeError, KeyError, RecursionError):
            continue  # a damaged one is for monitor store verify to tell of
        entries.setdefault(str(outage), []).append(seq)
    return Proof(end.seq, end.head, entries)
