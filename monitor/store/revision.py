"""Brings the schema to where this version needs it, and checks whose store it is.

1. An empty database gets the whole schema at once.
2. A database with other people's tables is left alone.
3. An older schema is upgraded, all in one transaction; Alembic is imported only then.
4. A newer one is refused: nothing of what we don't know may be lost.
5. The store of another deployment, and a SQLite file of another vantage, is refused.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, insert, inspect, select, text

from glasswatch.clock import Clock
from monitor.errors import StoreUnusable
from monitor.store.identity import Identity
from monitor.store.lock import lock_key
from monitor.store.schema import HEAD, REVISION_TABLE, meta, metadata, revision_table, vantages
from monitor.store.upserts import adding

log = logging.getLogger("glasswatch.store")

MIGRATIONS = Path(__file__).with_name("migrations")


class Place(NamedTuple):
    """Which store is prepared: its name for people, and whether vantages share it."""

    name: str
    is_shared: bool


def stored_revision(connection: Connection, place: Place) -> str | None:
    """Return which schema is there; None for an empty database.

    Raises:
        StoreUnusable: the tables there aren't ours.
    """
    if place.is_shared:
        # Two vantages may meet a new database at the same time: one of them waits here.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("schema")})
        encoding = connection.scalar(text("SHOW server_encoding"))
        if encoding != "UTF8":
            raise StoreUnusable(f"the store {place.name} is encoded as {encoding}: make a database with UTF8")
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    revision = connection.scalar(select(revision_table.c.version_num)) if REVISION_TABLE in tables else None
    if revision is None:
        raise StoreUnusable(
            f"the store {place.name} holds tables that aren't glasswatch's: give glasswatch a database of its own"
        )
    return str(revision)


def prepare(connection: Connection, place: Place) -> bool:
    """Make the schema where there is none; return whether it is the newest now.

    Raises:
        StoreUnusable: the tables there aren't ours.
    """
    stored = stored_revision(connection, place)
    if stored is None:
        create(connection)
        return True
    return stored == HEAD


def create(connection: Connection) -> None:
    """Make the whole schema in an empty database."""
    metadata.create_all(connection)
    revision_table.create(connection)
    connection.execute(insert(revision_table), {"version_num": HEAD})


def upgrade(
    connection: Connection, place: Place, claim_first: Callable[[], None], migrations: Path = MIGRATIONS
) -> None:
    """Bring an older schema to the newest, keeping what is stored.

    `claim_first` checks whose store it is: another deployment's is not upgraded by mistake.

    Raises:
        StoreUnusable: the schema was made by a newer version, or what `claim_first` found.
    """
    # Alembic takes longer to import than all the rest of the store: only an upgrade pays for it.
    from alembic import command  # noqa: PLC0415 - as said above
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    stored = connection.scalar(select(revision_table.c.version_num))
    known = {script.revision for script in ScriptDirectory(str(migrations)).walk_revisions()}
    if stored not in known:
        raise StoreUnusable(
            f"the store {place.name} was written by a newer version of glasswatch (schema {stored}, this one knows up "
            f"to {HEAD}): run that version, or restore a backup made before"
        )
    claim_first()
    if place.is_shared:
        # A step may have to rewrite a table of any size; what bounds it is the caller's own deadline.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    log.info("store_upgraded", extra={"fields": {"store": place.name, "from": stored}})
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def claim(connection: Connection, place: Place, identity: Identity, clock: Clock) -> bool:
    """Write whose store this is, or check that it is ours; return whether this vantage had it before.

    Raises:
        StoreUnusable: it belongs to another deployment or, where it isn't shared, to another vantage.
    """
    now = clock.now()
    owner = connection.scalar(select(meta.c.deployment))
    if owner is None:
        connection.execute(insert(meta), {"id": 1, "deployment": identity.deployment, "created_at": now})
    elif owner != identity.deployment:
        raise StoreUnusable(
            f"the store {place.name} was made for the deployment {owner}, not {identity.deployment}: name its own "
            "store, or correct `deployment`"
        )
    known = connection.scalars(select(vantages.c.vantage)).all()
    others = [name for name in known if name != identity.vantage]
    if others and not place.is_shared:
        raise StoreUnusable(
            f"the store {place.name} was made for the vantage {others[0]}, not {identity.vantage}: name its own "
            "store, or correct `vantage`"
        )
    row = {"vantage": identity.vantage, "created_at": now}
    connection.execute(adding(connection, vantages), row)
    return identity.vantage in known
