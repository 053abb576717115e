"""What journeys opened and is not known closed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "openings",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("vantage", "run", "step", "platform", "probe")),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("vantage", "run", "step", name="pk_openings"),
    )
    op.create_index("ix_openings_probe", "openings", ["vantage", "platform", "probe"])
