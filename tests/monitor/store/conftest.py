"""Places to put stores: SQLite files of their own, and vantages of their own in one PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import cast

import pytest

from tests.support.postgres import Cluster, cluster
from tests.support.stores import StorePlace

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One PostgreSQL for all tests of a worker."""
    with cluster() as running:
        yield running


@pytest.fixture(scope="session")
def shared_database(postgres: Cluster) -> str:
    """A database in which each test has a vantage of its own."""
    return postgres.new_database()


@pytest.fixture
async def file_place(tmp_path: Path) -> AsyncIterator[StorePlace]:
    """A SQLite file, for what only files can meet."""
    path = tmp_path / "glasswatch.db"
    found = StorePlace("sqlite", f"sqlite:///{path}", "main", path)
    yield found
    await found.close()


@pytest.fixture
async def server_place(postgres: Cluster, shared_database: str) -> AsyncIterator[StorePlace]:
    """A vantage in PostgreSQL, for what only servers can meet."""
    found = StorePlace("postgresql", postgres.url(shared_database), f"vantage-{next(_numbers)}")
    yield found
    await found.close()


@pytest.fixture
async def empty_server_place(postgres: Cluster) -> AsyncIterator[StorePlace]:
    """A database in PostgreSQL that is this test's alone, and still empty."""
    found = StorePlace("postgresql", postgres.url(postgres.new_database()), "main")
    yield found
    await found.close()


@pytest.fixture(params=["file_place", "server_place"], ids=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> StorePlace:
    """Where this test's stores are."""
    return cast("StorePlace", request.getfixturevalue(request.param))


@pytest.fixture(params=["file_place", "empty_server_place"], ids=["sqlite", "postgresql"])
def empty_place(request: pytest.FixtureRequest) -> StorePlace:
    """A place whose database is this test's alone, and still empty."""
    return cast("StorePlace", request.getfixturevalue(request.param))
