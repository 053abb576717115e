"""Maintenance windows, for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "windows",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("vantage", "platform", "window")),
        *(sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False) for name in ("agreed_at", "since")),
        sa.Column("until", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("vantage", "platform", "window", name="pk_windows"),
    )
    op.create_index("ix_windows_agreed_at", "windows", ["vantage", "agreed_at"])
