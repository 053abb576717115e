"""Reads a store without taking part in it: beside a monitor that runs, or of one that is gone.

- Nothing is written, made, upgraded or locked: SQLite is opened read-only, PostgreSQL's transactions are. Parts are
  read in transactions of their own, so that a long chain holds nobody up.
- A SQLite file without a log beside it is nobody's now: it is read as it lies, because SQLite would make a log and
  leave it there, perhaps as another user's than the monitor's. If it changes meanwhile, what was read is thrown away.
- Documents are read before the chain they are compared with, which may go on growing meanwhile.
"""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, select, text

from glasswatch.chain import Entry
from monitor.errors import StoreUnavailable, StoreUnusable
from monitor.model.past import Past, PastQuery
from monitor.model.tally import HourTally, TallyQuery
from monitor.rules import storecheck
from monitor.store import audit, checking, hours, past
from monitor.store.engine import parse_url, postgresql, server_place, sqlite_path
from monitor.store.faults import is_driver_error, translate
from monitor.store.identity import Identity, Limits
from monitor.store.schema import REVISION_TABLE, flag_documents, meta, vantages

T = TypeVar("T")
_ENTRIES = 500
_PAGES = 2000  # copied at a time: 8 MB


class KeptDocument(NamedTuple):
    """A flag's document that carried a change, as the store kept it."""

    platform: str
    ver: int
    issued_at: datetime
    jws: str
    sha256: str


class Reading:
    """One vantage's store, to be read from one thread. `close` it."""

    def __init__(self, url: str | URL, identity: Identity, limits: Limits | None = None) -> None:
        """Take the URL apart; nothing is opened yet.

        Raises:
            StoreUnusable: the URL isn't one of a store we can use.
        """
        limits = limits or Limits()
        parsed = parse_url(url)
        self._identity = identity
        self._password = str(parsed.password) if parsed.password else None
        self._is_shared = parsed.get_backend_name() == "postgresql"
        self._quiet: _Quiet | None = None
        if self._is_shared:
            self.place = server_place(parsed)
            self._engine = postgresql(parsed, identity, limits)
        else:
            path = sqlite_path(parsed)
            self.place = str(path)
            self._quiet = None if _log_of(path).exists() else _Quiet(path)
            self._engine = _sqlite(path, limits, is_quiet=self._quiet is not None)
        self._connection: Connection | None = None

    def check(self) -> None:
        """See that this is the store of this deployment, and that it knows this vantage.

        Raises:
            StoreUnavailable, StoreUnusable: it can't be read, or is another's.
        """

        def look(connection: Connection) -> tuple[str | None, bool]:
            if REVISION_TABLE not in inspect(connection).get_table_names():
                raise StoreUnusable(f"the store {self.place} holds no tables of glasswatch's")
            known = select(vantages.c.vantage).where(vantages.c.vantage == self._identity.vantage)
            return connection.scalar(select(meta.c.deployment)), connection.scalar(known) is not None

        deployment, is_known = self._read(look)
        if deployment != self._identity.deployment:
            raise StoreUnusable(
                f"the store {self.place} was made for the deployment {deployment}, not {self._identity.deployment}"
            )
        if not is_known:
            raise StoreUnusable(f"the store {self.place} holds nothing of the vantage {self._identity.vantage}")

    def documents(self) -> list[KeptDocument]:
        """Return every document that was kept, in the order of their versions.

        Raises:
            StoreUnavailable, StoreUnusable: they can't be read.
        """
        columns = (flag_documents.c[name] for name in KeptDocument._fields)
        asked = (
            select(*columns)
            .where(flag_documents.c.vantage == self._identity.vantage)
            .order_by(flag_documents.c.ver, flag_documents.c.platform)
        )
        return self._read(lambda connection: [KeptDocument(*row) for row in connection.execute(asked)])

    def entries(self) -> Iterator[Entry]:
        """Give the audit's entries from the first on.

        Raises:
            StoreUnavailable, StoreUnusable: they can't be read.
        """
        after = 0
        while True:
            part = self._read(_part_of(self._identity.vantage, after))
            if not part:
                return
            yield from part
            after = part[-1].seq

    def tallies(self, query: TallyQuery) -> list[HourTally]:
        """Return how many outcomes there were in these hours, whether they are still kept in full or not.

        Raises:
            StoreUnavailable, StoreUnusable: they can't be read.
        """
        return self._read(lambda connection: hours.read(connection, self._identity.vantage, query))

    def past(self, query: PastQuery) -> Past:
        """Return what is on record of a platform, to account for it.

        Raises:
            StoreUnavailable, StoreUnusable: it can't be read.
        """
        return self._read(lambda connection: past.read(connection, self._identity.vantage, query))

    def flaws(self) -> dict[str, list[str]]:
        """Return what is wrong with the database, with what is on record, and with the hourly counts; and notes.

        Raises:
            StoreUnavailable, StoreUnusable: it can't be read, or not by this version.
        """
        return self._read(self._flaws)

    def _flaws(self, connection: Connection) -> dict[str, list[str]]:
        stranger = checking.revision_flaw(connection)
        if stranger is not None:
            raise StoreUnusable(f"the store {self.place} is of another version: {stranger}")
        database = checking.database_flaws(connection)
        if database:
            return {"database": database, "records": [], "hours": [], "notes": []}
        vantage = self._identity.vantage
        try:
            records = checking.records(connection, vantage)
            found, noted = list(storecheck.flaws(records)), list(storecheck.notes(records))
        except StoreUnusable as fault:
            found, noted = [str(fault)], []
        return {"database": [], "records": found, "hours": checking.hour_flaws(connection, vantage), "notes": noted}

    def copy(self, to: sqlite3.Connection, progress: Callable[[int, int], None]) -> None:
        """Copy a SQLite store whole, as it is at one instant; the monitor goes on writing meanwhile.

        Raises:
            StoreUnavailable, StoreUnusable: it can't be read, or the copy not be written.
        """

        def work(connection: Connection) -> None:
            # The transaction that is open here holds the instant: what is written meanwhile is not seen, and does not
            # make the copying begin again.
            connection.execute(text("SELECT count(*) FROM sqlite_master"))
            source = connection.connection.driver_connection
            if not isinstance(source, sqlite3.Connection):
                raise TypeError("only a SQLite store is copied")
            try:
                source.backup(to, pages=_PAGES, progress=lambda _status, left, total: progress(total - left, total))
            except sqlite3.Error as error:
                # Nothing is written here but the copy.
                if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
                    raise StoreUnavailable("the copy can't grow, its disk is full: make room") from error
                raise

        self._read(work)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return what `work` reads, in a transaction of its own.

        Raises:
            StoreUnavailable, StoreUnusable: it can't be read.
        """
        return self._read(work)

    def close(self) -> None:
        """Let go. Repeated calls do nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _read(self, work: Callable[[Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            with self._connection.begin():
                if self._is_shared:
                    self._connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
                found = work(self._connection)
        except Exception as error:
            self._see_quiet()
            if is_driver_error(error):
                raise translate(error, self.place, self._password) from error
            raise
        self._see_quiet()
        return found

    def _see_quiet(self) -> None:
        if self._quiet is not None and not self._quiet.is_still():
            raise StoreUnavailable(f"the store {self.place} was opened by a monitor meanwhile: call this again")


class _Quiet:
    """A SQLite file that nobody has open, as it was found."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._was = self._look()

    def is_still(self) -> bool:
        """Whether nobody has touched it since."""
        return self._look() == self._was

    def _look(self) -> tuple[int, int, int, bool] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns, _log_of(self._path).exists()


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _part_of(vantage: str, after: int) -> Callable[[Connection], list[Entry]]:
    return lambda connection: audit.read(connection, vantage, after, _ENTRIES)


def _sqlite(path: Path, limits: Limits, *, is_quiet: bool) -> Engine:
    query = {"mode": "ro", "uri": "true"} | ({"immutable": "1"} if is_quiet else {})
    engine = create_engine(
        URL.create("sqlite", database=f"file:{quote(str(path))}", query=query),
        poolclass=NullPool,
        hide_parameters=True,
        # No isolation level: the driver would begin only before it writes, and each statement see another instant.
        connect_args={"timeout": limits.statement_seconds, "isolation_level": None},
    )

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")

    def refuse_missing(*_arguments: object) -> None:
        if not path.exists():
            raise StoreUnavailable(f"there is no store {path}")

    event.listen(engine, "do_connect", refuse_missing)
    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)
    return engine
