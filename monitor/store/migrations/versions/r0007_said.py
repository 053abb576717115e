"""What status pages said, for ever."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "said",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("vantage", "platform", "probe")),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("vantage", "platform", "probe", "at", name="pk_said"),
    )
