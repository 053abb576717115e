"""One monitor at a time on one vantage's store.

- SQLite: a lock file beside the database, held by `flock`; it goes with the process, however that ends. The file stays
  behind, empty of meaning: only the lock on it counts.
- PostgreSQL: an advisory lock on the vantage's name, held by the very session that writes. Whoever has lost the
  session has lost both, so there is no moment in which two can write.
- After a broken connection the server may not have noticed yet: our own old session, known by its name, is ended.
"""

import fcntl
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from monitor.errors import StoreUnavailable
from monitor.store.identity import Identity

SUFFIX = ".monitor-lock"
_LOCK_NOT_AVAILABLE = "55P03"  # https://www.postgresql.org/docs/15/errcodes-appendix.html


class VantageLock(Protocol):
    """Keeps a second monitor out."""

    def before_connect(self) -> None:
        """Take what can be taken without a connection."""
        ...

    def after_connect(self, connection: Connection) -> None:
        """Take what a new connection has to hold. Leaves no transaction open."""
        ...

    def release(self) -> None:
        """Let go. Repeated calls do nothing."""
        ...


class FileLock:
    """Held on a file beside a SQLite database."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + SUFFIX)
        self._database = database
        self._descriptor: int | None = None

    def before_connect(self) -> None:
        """Take the lock unless it is held already.

        Raises:
            StoreUnavailable: another monitor holds it, or the file can't be made.
        """
        if self._descriptor is not None:
            return
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise StoreUnavailable(
                f"the lock file {self.path} can't be opened ({error.strerror}): check that the directory exists and "
                "that the monitor's user may write there"
            ) from None
        try:
            self._lock(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def _lock(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreUnavailable(
                f"another monitor{_holder(descriptor)} has the store {self._database} open: stop that one, or give "
                "this one a store of its own"
            ) from None
        except OSError:
            raise StoreUnavailable(
                f"the file system of {self.path} can't lock files: put the store on a local disk"
            ) from None
        # Our number is for people only: a full disk may refuse it.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    def after_connect(self, connection: Connection) -> None:
        """Nothing: a SQLite connection comes and goes under the lock."""

    def release(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _holder(descriptor: int) -> str:
    number = os.pread(descriptor, 16, 0).strip()
    return f" (process {number.decode()})" if number.isdigit() else ""


class AdvisoryLock:
    """Held by a PostgreSQL session."""

    def __init__(self, identity: Identity, place: str, wait_seconds: float) -> None:
        self._vantage = identity.vantage
        self._place = place
        self._wait_seconds = wait_seconds
        self._session = session_name(identity)
        self._key = lock_key("vantage", identity.deployment, identity.vantage)

    def before_connect(self) -> None:
        """Nothing: it needs a session."""

    def after_connect(self, connection: Connection) -> None:
        """Take the lock for this session.

        Raises:
            StoreUnavailable: another monitor holds it.
        """
        with connection.begin():
            if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": self._key}):
                return
            self._end_own(connection)
            try:
                self._wait(connection)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
                raise StoreUnavailable(
                    f"another monitor has the vantage {self._vantage} of the store {self._place} open: stop that "
                    "one, or give this one a vantage name of its own"
                ) from None

    def _wait(self, connection: Connection) -> None:
        # A session that has just been closed or killed holds on for moments: a quick restart must not fail for that.
        connection.execute(text(f"SET LOCAL lock_timeout = {int(self._wait_seconds * 1000)}"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": self._key})

    def _end_own(self, connection: Connection) -> None:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = :name AND pid <> pg_backend_pid() AND datname = current_database()"
            ),
            {"name": self._session},
        )

    def release(self) -> None:
        """Nothing: it ends with the session."""


def session_name(identity: Identity) -> str:
    """Return the name our sessions show on the server; PostgreSQL keeps 63 characters of it."""
    return f"glasswatch monitor {identity.run}"


def lock_key(*parts: str) -> int:
    """Return a number for PostgreSQL's advisory locks, the same on every machine."""
    digest = hashlib.sha256("\0".join(("glasswatch", *parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
