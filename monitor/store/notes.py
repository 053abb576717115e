"""Entries of the audit that stand by themselves, written once.

A write whose answer was lost may have been done all the same. The same entries given again are then recognised by
the entry with which they would have ended the chain, and not written twice.
"""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import Connection

from monitor.model.record import AuditEntry, ChainHead
from monitor.store import audit
from monitor.store.identity import Identity
from monitor.store.writer import Ending

Noted = tuple[str | None, AuditEntry]


class Notes:
    """Writes entries, and remembers what is in doubt. Lives on the writer's thread."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._end: ChainHead | None = None
        self._doubtful: tuple[Sequence[Noted], ChainHead] | None = None

    def write(self, connection: Connection, entries: Sequence[Noted]) -> ChainHead:
        """Add the entries to the audit's chain; return where it ends then."""
        vantage = self._identity.vantage
        self._end = None
        doubtful = self._doubtful
        if doubtful is not None and doubtful[0] == entries and audit.holds(connection, vantage, doubtful[1]):
            return audit.head(connection, vantage)
        end = audit.head(connection, vantage)
        for platform, group in groupby(entries, key=lambda noted: noted[0]):
            end = audit.append(connection, self._identity, platform, [entry for _, entry in group])
        self._end = end
        return end

    def ended(self, entries: Sequence[Noted], ending: Ending) -> None:
        """Take note of how writing them ended."""
        if ending is Ending.DOUBTFUL and self._end is not None:
            self._doubtful = (entries, self._end)
        elif ending is Ending.WRITTEN:
            self._doubtful = None
