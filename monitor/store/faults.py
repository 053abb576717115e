"""Turns what drivers raise into our own errors.

- The most specific sign first: SQLite's result code, PostgreSQL's SQLSTATE, then the kind of error.
- A message says which store, what is wrong, and what to do; it is made from the code, so that no statement, parameter
  or password can be in it. Only when PostgreSQL can't be reached does the driver's own line help; the password is
  struck out of it.
- Damage, a foreign file or a missing table is `StoreUnusable`; everything else may pass, so `StoreUnavailable`.
"""

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from monitor.errors import StoreDamaged, StoreError, StoreUnavailable, StoreUnusable


class RowRefused(StoreUnavailable):
    """The database is well but refuses what this transaction writes: trying the same again can't help."""


_DAMAGED = "is damaged: restore a backup, or move it away to start with an empty store"
_REFUSED = "refuses a row"
_INCOMPLETE = "lacks a table or column it should have: restore a backup, or start with an empty store"

# https://sqlite.org/rescode.html, primary codes
_SQLITE: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_PERM: (StoreUnavailable, "may not be opened: give the monitor's user access to it"),
    sqlite3.SQLITE_BUSY: (StoreUnavailable, "is locked by another program: let that one finish or close it"),
    sqlite3.SQLITE_LOCKED: (StoreUnavailable, "is locked by another program: let that one finish or close it"),
    sqlite3.SQLITE_READONLY: (
        StoreUnavailable,
        "can't be written: give the monitor's user write access to the file and its directory",
    ),
    sqlite3.SQLITE_IOERR: (StoreUnavailable, "met an error of the disk or file system: look into the system's log"),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, _DAMAGED),
    sqlite3.SQLITE_FULL: (StoreUnavailable, "can't grow, the disk is full: make room"),
    sqlite3.SQLITE_CANTOPEN: (
        StoreUnavailable,
        "can't be opened: check that its directory exists and that the monitor's user may write there",
    ),
    sqlite3.SQLITE_TOOBIG: (RowRefused, _REFUSED),
    sqlite3.SQLITE_CONSTRAINT: (RowRefused, _REFUSED),
    sqlite3.SQLITE_MISMATCH: (RowRefused, _REFUSED),
    sqlite3.SQLITE_NOTADB: (StoreDamaged, "isn't a SQLite database: name another file, or restore a backup"),
}

# https://www.postgresql.org/docs/15/errcodes-appendix.html, whole codes first, then classes
_POSTGRESQL: dict[str, tuple[type[StoreError], str]] = {
    "25006": (StoreUnavailable, "is read-only, perhaps a standby: name the primary server"),
    "3D000": (StoreUnavailable, "has no database of this name: create it"),
    "42501": (StoreUnavailable, "denies this user what the monitor needs: let it create and write tables"),
    "42P01": (StoreUnusable, _INCOMPLETE),
    "42703": (StoreUnusable, _INCOMPLETE),
    "53100": (StoreUnavailable, "can't grow, the server's disk is full: make room"),
    "55P03": (StoreUnavailable, "is locked by another session: let that one finish or end it"),
    "57014": (StoreUnavailable, "took too long for one statement"),
    "XX001": (StoreDamaged, "is damaged: restore a backup"),
    "XX002": (StoreDamaged, "is damaged: restore a backup"),
    "08": (StoreUnavailable, "lost the connection"),
    "22": (RowRefused, _REFUSED),
    "23": (RowRefused, _REFUSED),
    "28": (StoreUnavailable, "refuses this user or password"),
    "53": (StoreUnavailable, "is short of connections, memory or disk"),
    "57": (StoreUnavailable, "is shutting down or starting"),
}


def translate(error: BaseException, place: str, password: str | None = None) -> StoreError:
    """Return our error for a driver's or SQLAlchemy's. `place` names the store, without secrets."""
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if isinstance(original, sqlite3.Error):
        kind, problem = _sqlite(original)
    else:
        kind, problem = _postgresql(original, password)
    return kind(f"the store {place} {problem}")


def is_driver_error(error: BaseException) -> bool:
    """Whether `translate` knows what to do with it."""
    return isinstance(error, SQLAlchemyError | sqlite3.Error) or _sqlstate(error) is not _NOT_POSTGRESQL


_NOT_POSTGRESQL = object()


def _sqlite(error: sqlite3.Error) -> tuple[type[StoreError], str]:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # No result code: the driver itself could not make sense of what it read, such as text that isn't UTF-8.
        return StoreDamaged, _DAMAGED
    if code == sqlite3.SQLITE_ERROR and str(error).startswith("no such"):
        return StoreUnusable, _INCOMPLETE
    return _SQLITE.get(code & 0xFF, (StoreUnavailable, f"failed with SQLite's code {code}"))


def _sqlstate(error: BaseException) -> object:
    # psycopg is asked by the shape of its errors, so that a monitor on SQLite never imports it.
    return getattr(error, "sqlstate", _NOT_POSTGRESQL)


def _postgresql(error: BaseException, password: str | None) -> tuple[type[StoreError], str]:
    state = _sqlstate(error)
    if isinstance(state, str):
        known = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
        return known or (StoreUnavailable, f"failed with PostgreSQL's code {state}")
    if state is _NOT_POSTGRESQL:
        return StoreUnavailable, f"failed: {type(error).__name__}"
    line = str(error).strip().partition("\n")[0]
    if password:
        line = line.replace(password, "…")
    return StoreUnavailable, f"can't be reached: {line}"
