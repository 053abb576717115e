"""The schema: made at once or step by step, it is the same; older ones are brought up, keeping what is stored."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from monitor.errors import StoreUnusable
from monitor.model.use import UseQuery
from monitor.store import revision
from monitor.store.columns import Instant, Words
from monitor.store.schema import HEAD, REVISION_TABLE, metadata, revision_table
from tests.support.commits import story
from tests.support.postgres import Cluster
from tests.support.stores import StorePlace
from tests.support.uses import use_commits

ROOT = Path(__file__).parents[3]
NEXT = "9999"


def migrate(connection: Connection) -> None:
    """Make the schema by every migration from the first on, as an upgrade would."""
    from alembic import command  # noqa: PLC0415 - imported where it is used, as in the code
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(revision.MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def test_the_head_we_name_is_alembics() -> None:
    """There is one head, and the constant that saves importing Alembic is it."""
    assert ScriptDirectory(str(revision.MIGRATIONS)).get_heads() == [HEAD]


def test_migrations_make_the_schema_of_the_tables(empty_place: StorePlace) -> None:
    """Alembic finds no difference between what migrations make and what the tables say."""
    with empty_place.connection() as connection:
        migrate(connection)
        context = MigrationContext.configure(
            connection, opts={"version_table": REVISION_TABLE, "compare_type": _is_other_type}
        )
        assert compare_metadata(context, metadata) == []
        assert connection.scalar(text(f"SELECT version_num FROM {REVISION_TABLE}")) == HEAD


def _is_other_type(context: Any, inspected: Any, column: Any, inspected_type: Any, column_type: Any) -> bool | None:
    # Our own types are compared by what they are in the database.
    if isinstance(column_type, Instant | Words):
        return bool(context.impl.compare_type(column, column._copy(type_=column_type.impl_instance)))
    return None


def test_both_ways_make_the_same_tables(file_place: StorePlace, tmp_path: Path) -> None:
    """SQLite keeps the statements that made it: they say the same, whichever way it was made."""
    other = StorePlace("sqlite", f"sqlite:///{tmp_path / 'other.db'}", "main")
    with file_place.connection() as connection:
        migrate(connection)
    with other.connection() as connection:
        revision.create(connection)
    assert _statements(file_place) == _statements(other)


def _statements(place: StorePlace) -> dict[str, set[str]]:
    rows = place.sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {row["name"]: _parts(row["sql"]) for row in rows}


def _parts(statement: str) -> set[str]:
    # The order of constraints means nothing, nor do line breaks, quotes, and whether a name was given to the obvious.
    lines = re.sub(r"[\"\t]", "", statement).splitlines()
    return {re.sub(r"CONSTRAINT \w+_pkc ", "", line).strip().rstrip(",").strip() for line in lines if line.strip()}


def test_both_ways_make_the_same_tables_on_a_server(postgres: Cluster) -> None:
    """PostgreSQL describes both alike: columns, keys, indexes, checks."""
    described = []
    for make in (migrate, revision.create):
        place = StorePlace("postgresql", postgres.url(postgres.new_database()), "main")
        with place.connection() as connection:
            make(connection)
        with place.connection() as connection:
            described.append(_described(connection))
    assert described[0] == described[1]


def _described(connection: Connection) -> dict[str, Any]:
    found = inspect(connection)
    return {
        table: {
            "columns": [{**column, "type": str(column["type"])} for column in found.get_columns(table)],
            "key": found.get_pk_constraint(table)["constrained_columns"],
            "foreign": found.get_foreign_keys(table),
            "indexes": found.get_indexes(table),
            "unique": found.get_unique_constraints(table),
            "checks": found.get_check_constraints(table),
        }
        for table in sorted(found.get_table_names())
    }


def _next_version(tmp_path: Path) -> Path:
    """Return migrations with one step more than ours."""
    migrations = tmp_path / "migrations"
    shutil.copytree(revision.MIGRATIONS, migrations)
    (migrations / "versions" / "r9999_next.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision, down_revision = '{NEXT}', '{HEAD}'\n"
        "def upgrade() -> None:\n"
        "    op.add_column('platforms', sa.Column('mood', sa.Text(), nullable=True))\n"
    )
    return migrations


async def test_an_older_schema_is_brought_up_and_keeps_everything(
    empty_place: StorePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next version of us finds today's store, adds its step in one transaction, and loads what was stored."""
    store = empty_place.store()
    await store.open()
    for commit in story():
        await store.commit(commit)
    await store.close()
    monkeypatch.setattr(revision, "HEAD", NEXT)
    monkeypatch.setattr(revision.upgrade, "__defaults__", (_next_version(tmp_path),))
    upgraded = empty_place.store()
    assert (await upgraded.open()).platforms["payments"].state == story()[-1].after
    assert await upgraded.verify_audit() is None
    await upgraded.close()
    assert empty_place.sql("SELECT mood FROM platforms") == [{"mood": None}]
    assert empty_place.sql(f"SELECT version_num FROM {REVISION_TABLE}") == [{"version_num": NEXT}]


async def test_a_store_of_the_first_schema_is_brought_up_to_ours(empty_place: StorePlace) -> None:
    """What the first release stored is there, and what came later can be kept beside it."""
    first = empty_place.store()
    await first.open()
    for commit in story():
        await first.commit(commit)
    await first.close()
    for table in ("uses", "watch_cursors", "openings", "outcome_hours", "windows", "said", "drill_heads", "drill_runs"):
        empty_place.sql(f"DROP TABLE {table}")
    empty_place.sql("DROP INDEX ix_outcomes_failures")
    empty_place.sql(f"UPDATE {REVISION_TABLE} SET version_num = '0001'")
    store = empty_place.store()
    assert (await store.open()).platforms["payments"].state == story()[-1].after
    await store.use(use_commits()[0])
    assert await store.uses(UseQuery()) == [use_commits()[0].use]
    assert await store.verify_audit() is None
    assert empty_place.sql(f"SELECT version_num FROM {REVISION_TABLE}") == [{"version_num": HEAD}]


async def test_the_store_of_another_deployment_is_not_upgraded(
    empty_place: StorePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer monitor pointed at the wrong store leaves its schema as it is."""
    store = empty_place.store()
    await store.open()
    await store.close()
    with monkeypatch.context() as patch:
        patch.setattr(revision, "HEAD", NEXT)
        patch.setattr(revision.upgrade, "__defaults__", (_next_version(tmp_path),))
        with pytest.raises(StoreUnusable, match="was made for the deployment prod, not staging"):
            await empty_place.store(deployment="staging").open()
    await empty_place.store().open()


async def test_an_upgrade_that_fails_changes_nothing(
    empty_place: StorePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps are one transaction: the old version still finds its store."""
    store = empty_place.store()
    await store.open()
    await store.close()
    migrations = _next_version(tmp_path)
    with (migrations / "versions" / "r9999_next.py").open("a") as step:
        step.write("    op.execute('SELECT * FROM nowhere')\n")
    with monkeypatch.context() as patch:
        patch.setattr(revision, "HEAD", NEXT)
        patch.setattr(revision.upgrade, "__defaults__", (migrations,))
        with pytest.raises(StoreUnusable, match="lacks a table"):
            await empty_place.store().open()
    await empty_place.store().open()


_IMPORTS = """
import asyncio, sys
from glasswatch.clock import SystemClock
from monitor.store.store import make_store

async def main():
    store = make_store(sys.argv[1], deployment="prod", vantage="main", clock=SystemClock())
    await store.open()
    await store.close()

asyncio.run(main())
print(sorted({name.partition(".")[0] for name in sys.modules} & {"alembic", "mako", "psycopg", "psycopg2"}))
"""


def test_a_store_that_is_up_to_date_never_imports_alembic(tmp_path: Path) -> None:
    """Nor the driver of a database that isn't used."""
    for _ in range(2):
        ended = subprocess.run(
            [sys.executable, "-c", _IMPORTS, f"sqlite:///{tmp_path / 'x.db'}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert ended.stdout.strip() == "[]"


def test_the_table_of_our_revision_is_alembics_own_shape(file_place: StorePlace) -> None:
    """What we make in one go is what Alembic would make."""
    with file_place.connection() as connection:
        migrate(connection)
    (ours,) = file_place.sql("SELECT sql FROM sqlite_master WHERE name = :name", name=REVISION_TABLE)
    assert [column.name for column in revision_table.columns] == re.findall(r"(\w+) VARCHAR", ours["sql"])
