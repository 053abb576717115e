"""Stores on real databases, for tests whose every body runs on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, text

from monitor.errors import StoreUnavailable
from monitor.store.identity import Limits
from monitor.store.store import SqlStore, make_store
from tests.support.clock import ManualClock

DEPLOYMENT = "prod"
# On a loaded machine a call takes its time, and so does a session to go.
QUICK = Limits(batch_seconds=0.01, deadline_seconds=20, lock_seconds=10)
IMPATIENT = replace(QUICK, lock_seconds=0.05)  # for an opening that is to be refused


@cache
def _engine(url: str) -> Engine:
    # Without a pool it holds nothing that would have to be let go.
    return create_engine(url, poolclass=NullPool)


@dataclass
class StorePlace:
    """Where one test's stores are. On PostgreSQL the database may be shared: the vantage is the test's own."""

    kind: str
    url: str
    vantage: str
    path: Path | None = None
    clock: ManualClock = field(default_factory=ManualClock)
    made: list[SqlStore] = field(default_factory=list)

    def store(
        self,
        *,
        deployment: str = DEPLOYMENT,
        vantage: str | None = None,
        limits: Limits = QUICK,
        url: str | None = None,
    ) -> SqlStore:
        """Return a store here, not yet open; it is closed with the test."""
        store = make_store(
            url or self.url, deployment=deployment, vantage=vantage or self.vantage, clock=self.clock, limits=limits
        )
        self.made.append(store)
        return store

    def sql(self, statement: str, **values: object) -> list[Mapping[str, Any]]:
        """Run a statement past the store; `:vantage` is this place's. Return its rows."""
        with self.connection() as connection:
            result = connection.execute(
                text(statement), {"vantage": self.vantage, **values} if ":" in statement else {}
            )
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Give a connection past the store, in a transaction that is committed at the end."""
        with _engine(self.url).begin() as connection:
            yield connection

    def count(self, table: str) -> int:
        """Return how many rows of a table are this vantage's."""
        (row,) = self.sql(f"SELECT count(*) AS n FROM {table} WHERE vantage = :vantage")
        return int(row["n"])

    async def close(self) -> None:
        """Close every store made here."""
        await asyncio.gather(*(store.close() for store in self.made))


async def until_done(call: Callable[[], Awaitable[object]], within: float = 20.0) -> None:
    """Call until the store is available. Raises TimeoutError, and what else the call does."""
    async with asyncio.timeout(within):
        while True:
            try:
                await call()
            except StoreUnavailable:
                await asyncio.sleep(0.01)
            else:
                return


async def abandon(store: SqlStore) -> None:
    """End a store as a killed process ends: nothing more is written, the connection is cut, the lock is free."""
    store._buffer.give_up()
    await store.close()
