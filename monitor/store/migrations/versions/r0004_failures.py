"""Failures are found by an index of their own, however many good outcomes lie between them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    is_failure = sa.text("kind <> 'good'")
    op.create_index(
        "ix_outcomes_failures",
        "outcomes",
        ["series", "started_at"],
        sqlite_where=is_failure,
        postgresql_where=is_failure,
    )
