"""Outcomes whose time is over are counted by the hour."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "outcome_hours",
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("series", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "reason", "attempt")),
        sa.Column("is_believed", sa.Boolean(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)
            for name in ("runs", "warned", "took_microseconds", "longest_microseconds")
        ),
        sa.Column("spread", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["series"], ["series.id"], name="fk_outcome_hours_series"),
        sa.PrimaryKeyConstraint("hour", "series", "kind", "reason", "attempt", "is_believed", name="pk_outcome_hours"),
        sqlite_with_rowid=False,
    )
