"""A store that dies at a boundary a test chooses: from there on nothing reaches its database any more.

Boundaries are the moments before each statement, before each commit, and after each commit before it is answered.
"""

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import PoolProxiedConnection, event, text

from monitor.store.store import SqlStore
from tests.support.stores import StorePlace

Snapshot = dict[str, list[tuple[Any, ...]]]

# Everything a commit, a renewal, a delivery or a span leaves behind, without what differs from run to run.
_QUERIES = {
    "platforms": "SELECT platform, revision, state FROM platforms",
    "probe_states": "SELECT platform, probe, state FROM probe_states",
    "flag_ledger": "SELECT platform, ver, change_sha256, prev_sha256 FROM flag_ledger",
    "flag_documents": "SELECT platform, ver, sha256 FROM flag_documents",
    "transitions": "SELECT platform, revision, kind, subject, body FROM transitions",
    "outages": "SELECT outage, record FROM outages",
    "causes": "SELECT cause, added_at, ended_why FROM causes",
    "pages": "SELECT page, record FROM pages",
    "deliveries": "SELECT page, channel, state, attempts FROM deliveries",
    "audit": "SELECT seq, platform, kind FROM audit",
    "uses": "SELECT use, record, is_open FROM uses",
    "windows": "SELECT platform, record FROM windows",
    "openings": "SELECT run, step, record FROM openings",
    "watch_cursors": "SELECT watcher, place FROM watch_cursors",
    "alive_spans": "SELECT since, until FROM alive_spans",
    "blind_spans": "SELECT since, until FROM blind_spans",
}


class Died(Exception):
    """The store is dead."""


class Death:
    """Lets a store die at boundary number `at`, counted from 0; never if that is None. `count` is how many passed."""

    def __init__(self, store: SqlStore, at: int | None, *, each_statement: bool) -> None:
        self.count = 0
        self._at = at
        engine = store._database.engine
        self._dialect = engine.dialect
        self._commit = engine.dialect.do_commit
        engine.dialect.do_commit = self._die_around_commit  # type: ignore[method-assign]  # below it the driver begins
        if each_statement:
            event.listen(engine, "before_cursor_execute", self._boundary)

    def after(self, boundaries: int) -> None:
        """Let the store die once so many more boundaries have passed."""
        self._at = self.count + boundaries

    def _boundary(self, *_arguments: object) -> None:
        number, self.count = self.count, self.count + 1
        if self._at is not None and number >= self._at:
            raise Died

    def _die_around_commit(self, dbapi_connection: PoolProxiedConnection) -> None:
        self._boundary()
        self._commit(dbapi_connection)
        self._boundary()


class Kept:
    """Copies a store's files at every boundary: what a killed process would leave on the disk."""

    def __init__(self, store: SqlStore, path: Path, to: Path) -> None:
        self.copies: list[Path] = []
        self._path = path
        self._to = to
        engine = store._database.engine
        self._commit = engine.dialect.do_commit
        engine.dialect.do_commit = self._copy_around_commit  # type: ignore[method-assign]  # below it the driver begins
        event.listen(engine, "before_cursor_execute", self._copy)

    def _copy(self, *_arguments: object) -> None:
        directory = self._to / str(len(self.copies))
        directory.mkdir(parents=True)
        for suffix in ("", "-wal"):
            part = self._path.with_name(self._path.name + suffix)
            if part.exists():
                shutil.copyfile(part, directory / part.name)
        self.copies.append(directory / self._path.name)

    def _copy_around_commit(self, dbapi_connection: PoolProxiedConnection) -> None:
        self._copy()
        self._commit(dbapi_connection)
        self._copy()


def observe(place: StorePlace) -> Snapshot:
    """Return all that is stored for the place's vantage, read past the store."""
    with place.connection() as connection:
        return {
            table: sorted(
                (tuple(row) for row in connection.execute(text(f"{query} WHERE vantage = :v"), {"v": place.vantage})),
                key=repr,
            )
            for table, query in _QUERIES.items()
        }
