"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy keeps in two places.

Building a statement costs more than running it on SQLite, so each is built once.
"""

from functools import cache

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

Upsert = sqlite.Insert | postgresql.Insert


def adding(connection: Connection, table: Table) -> Upsert:
    """Return an INSERT that leaves a row that is there already as it is."""
    return _adding(connection.dialect.name, table)


def replacing(connection: Connection, table: Table) -> Upsert:
    """Return an INSERT that replaces, in the row with the same primary key, every other column."""
    return _replacing(connection.dialect.name, table)


def _insert(dialect: str, table: Table) -> Upsert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def _adding(dialect: str, table: Table) -> Upsert:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _replacing(dialect: str, table: Table) -> Upsert:
    statement = _insert(dialect, table)
    key = [column.name for column in table.primary_key]
    changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=changed)
