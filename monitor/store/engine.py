"""The connection to the database: how it is opened, kept, and what a transaction on it is.

- SQLite: WAL, synchronous=FULL, foreign keys on; every transaction takes the write lock at once (BEGIN IMMEDIATE).
- PostgreSQL: bounded connecting, statements and waits for locks; the server notices a broken connection within
  seconds; a commit is on disk before it is answered.
- SQLite: a file that was deleted or replaced meanwhile is never written to, nor is another one in its place.
- One connection, used by one thread. One that failed beyond a rolled back transaction is thrown away.
- Drivers' errors become ours here and nowhere else.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from monitor.errors import StoreUnavailable, StoreUnusable
from monitor.store.faults import is_driver_error, translate
from monitor.store.identity import Identity, Limits
from monitor.store.lock import AdvisoryLock, FileLock, VantageLock, session_name
from monitor.store.original import Original

T = TypeVar("T")
_KEEPALIVE_SECONDS = 10
_KEPT_WAL_BYTES = 64 * 1024 * 1024


class Database:
    """One vantage's way into its database. To be used by one thread, but for `place` and `is_shared`."""

    def __init__(self, url: str | URL, identity: Identity, limits: Limits) -> None:
        """Take the URL apart; nothing is opened yet.

        Raises:
            StoreUnusable: the URL isn't one of a store we can use.
        """
        parsed = parse_url(url)
        self.is_shared = parsed.get_backend_name() == "postgresql"
        self._password = str(parsed.password) if parsed.password else None
        self._lock: VantageLock
        self._original: Original | None = None
        if self.is_shared:
            self.place = server_place(parsed)
            self.engine = postgresql(parsed, identity, limits)
            self._lock = AdvisoryLock(identity, self.place, limits.lock_seconds)
        else:
            path = sqlite_path(parsed)
            self.place = str(path)
            self.engine = _sqlite(path, limits)
            self._lock = FileLock(path)
            self._original = Original(path)
        self._connection: Connection | None = None

    def transact(self, work: Callable[[Connection], T], settle: Callable[[], None] = lambda: None) -> T:
        """Run `work` in a transaction and commit it. `settle` is called last before the commit.

        Raises:
            StoreUnavailable, StoreUnusable: the database failed; nothing was written unless `settle` was called.
            Exception: what `work` or `settle` raised; nothing was written.
        """
        try:
            return self._transact(work, settle)
        except Exception as error:
            if is_driver_error(error):
                raise translate(error, self.place, self._password) from error
            raise

    def _transact(self, work: Callable[[Connection], T], settle: Callable[[], None]) -> T:
        if self._original is not None:
            self._original.check()
        connection = self._connected()
        is_committing = False
        try:
            with connection.begin():
                result = work(connection)
                settle()
                is_committing = True
        except BaseException:
            # What a failed commit or rollback leaves behind can't be known: begin afresh.
            if is_committing or connection.invalidated or connection.in_transaction():
                self._drop()
            raise
        return result

    def _connected(self) -> Connection:
        if self._connection is None:
            self._lock.before_connect()
            connection = self.engine.connect()
            try:
                self._lock.after_connect(connection)
            except BaseException:
                connection.close()
                raise
            if self._original is not None:
                self._original.opened()
            self._connection = connection
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()
            with suppress(Exception):
                connection.close()

    def close(self) -> None:
        """Close the connection and let go of the lock. Repeated calls do nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()
        self._lock.release()
        if self._original is not None:
            self._original.forget()


def parse_url(url: str | URL) -> URL:
    """Return a store's URL, taken apart.

    Raises:
        StoreUnusable: it isn't one of a store we can use.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The reason would repeat parts of the URL, and one part is a password.
        raise StoreUnusable(
            "the store's URL can't be read: expected sqlite:///FILE or postgresql+psycopg://…"
        ) from None
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise StoreUnusable("the store must be sqlite:///FILE or postgresql+psycopg://…")
    return parsed


def server_place(url: URL) -> str:
    """Return how a server's database is named to people, without secrets."""
    host = url.host or url.query.get("host") or "local socket"
    return f"{host}:{url.port or url.query.get('port') or 5432}/{url.database or ''}"


def sqlite_path(url: URL) -> Path:
    """Return the file of a SQLite store.

    Raises:
        StoreUnusable: it would not survive a restart.
    """
    if not url.database or url.database == ":memory:" or url.database.startswith("file:") or url.query:
        raise StoreUnusable("the store must survive a restart: expected sqlite:///FILE, without options")
    # Resolved, so that two ways to one file meet at the same lock.
    return Path(url.database).resolve()


def _sqlite(path: Path, limits: Limits) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        hide_parameters=True,
        # No isolation level: the driver's own idea of when to begin is switched off, ours is below.
        connect_args={"timeout": limits.statement_seconds, "isolation_level": None},
    )

    def refuse_read_only(*_arguments: object) -> None:
        # SQLite would first make its log files, as read-only as this one, and leave them behind.
        if path.exists() and not os.access(path, os.W_OK, effective_ids=True):
            raise StoreUnavailable(f"the store {path} can't be written: give the monitor's user write access to it")

    def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        journal = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if journal != "wal":
            raise StoreUnavailable(f"the file system of {path} can't hold SQLite's log: put the store on a local disk")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA journal_size_limit = {_KEPT_WAL_BYTES}")

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "do_connect", refuse_read_only)
    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)
    return engine


def postgresql(url: URL, identity: Identity, limits: Limits) -> Engine:
    """Return a way to a PostgreSQL database, within our bounds."""
    keepalive = {
        "keepalives": 1,
        "keepalives_idle": _KEEPALIVE_SECONDS,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": int(limits.deadline_seconds * 1000),
    }
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": limits.connect_seconds,
            "application_name": session_name(identity),
            "client_encoding": "utf8",
            **keepalive,
        },
    )
    milliseconds = int(limits.statement_seconds * 1000)
    settings = {
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds,
        "idle_in_transaction_session_timeout": milliseconds,
        "synchronous_commit": "on",
        "tcp_keepalives_idle": _KEEPALIVE_SECONDS,
        "tcp_keepalives_interval": 2,
        "tcp_keepalives_count": 3,
    }
    statement = "; ".join(f"SET {name} = {value}" for name, value in settings.items())

    def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        # Not as start-up options: poolers between us and the server refuse those.
        connection.autocommit = True
        connection.execute(statement)
        connection.autocommit = False

    event.listen(engine, "connect", set_up)
    return engine
