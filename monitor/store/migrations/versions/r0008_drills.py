"""Runs of drills and the heads of their journals, for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "drill_runs",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("vantage", "run", "scenario", "platform")),
        sa.Column("opened_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("closed_at", sa.BigInteger(), autoincrement=False, nullable=True),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("is_watched", "is_passed")),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("vantage", "run", name="pk_drill_runs"),
    )
    op.create_index("ix_drill_runs_opened_at", "drill_runs", ["vantage", "opened_at"])
    op.create_index("ix_drill_runs_scenario", "drill_runs", ["vantage", "scenario", "opened_at"])
    op.create_index("ix_drill_runs_is_watched", "drill_runs", ["vantage", "is_watched"])
    op.create_table(
        "drill_heads",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("vantage", "run")),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("hash", "receipt")),
        sa.PrimaryKeyConstraint("vantage", "run", "seq", "act", name="pk_drill_heads"),
        sa.ForeignKeyConstraint(
            ["vantage", "run"], ["drill_runs.vantage", "drill_runs.run"], name="fk_drill_heads_drill_runs"
        ),
    )
