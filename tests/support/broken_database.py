"""What a real database can do wrong to a store, at a moment a test chooses.

Everything hangs on SQLAlchemy's own events, below the store: what runs above them is what runs in production.
"""

import sqlite3
import threading

import psycopg
from sqlalchemy import PoolProxiedConnection, event

from monitor.store.store import SqlStore
from tests.support.stores import StorePlace


def unavailable(place: StorePlace) -> Exception:
    """Return an error as the place's own driver raises it while the database is out of reach."""
    if place.kind == "postgresql":
        return psycopg.OperationalError("gone")
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


class Broken:
    """Makes statements that contain some text fail before they reach the database, until healed."""

    def __init__(self, store: SqlStore, error: BaseException, text: str = "") -> None:
        self.calls = 0
        self._engine = store._database.engine
        self._error = error
        self._text = text
        event.listen(self._engine, "before_cursor_execute", self._fail)

    def _fail(self, *arguments: object) -> None:
        if self._text in str(arguments[2]):
            self.calls += 1
            raise self._error

    def heal(self) -> None:
        """Let statements pass again."""
        event.remove(self._engine, "before_cursor_execute", self._fail)


class AnswerLost:
    """Lets the next commit happen, and then raises as if nobody had answered."""

    def __init__(self, store: SqlStore, error: BaseException) -> None:
        self.calls = 0
        self._error = error
        self._dialect = store._database.engine.dialect
        self._commit = self._dialect.do_commit
        self._dialect.do_commit = self._lose  # type: ignore[method-assign]  # the one place below which the driver begins

    def _lose(self, dbapi_connection: PoolProxiedConnection) -> None:
        self._commit(dbapi_connection)
        self._dialect.do_commit = self._commit  # type: ignore[method-assign]
        self.calls += 1
        raise self._error


class Hung:
    """Makes the database stand still at a statement that contains some text, or at the commit, until released."""

    def __init__(self, store: SqlStore, text: str = "", *, at_commit: bool = False) -> None:
        self.reached = threading.Event()
        self.released = threading.Event()
        self._engine = store._database.engine
        self._text = text
        if at_commit:
            event.listen(self._engine, "commit", self._wait)
        else:
            event.listen(self._engine, "before_cursor_execute", self._wait_at)

    def _wait_at(self, *arguments: object) -> None:
        if self._text in str(arguments[2]):
            self._wait()

    def _wait(self, *_arguments: object) -> None:
        self.reached.set()
        assert self.released.wait(60), "the test forgot to release the database"
