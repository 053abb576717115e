"""What Alembic runs. The connection, in a transaction already, is handed in by `monitor.store.revision`."""

from alembic import context

from monitor.store.schema import REVISION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=REVISION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
