"""Uses of break-glass, and how far their watchers have read."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "uses",
        *_text("vantage", "use", "platform"),
        *_text("reported", "found", nullable=True),
        *_text("target"),
        *_whole("at", "received_at"),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        *_text("record"),
        sa.PrimaryKeyConstraint("vantage", "use", name="pk_uses"),
    )
    op.create_index("ix_uses_at", "uses", ["vantage", "platform", "at"])
    for column in ("received_at", "reported", "found", "is_open"):
        op.create_index(f"ix_uses_{column}", "uses", ["vantage", column])
    op.create_table(
        "watch_cursors",
        *_text("vantage", "watcher", "place"),
        sa.PrimaryKeyConstraint("vantage", "watcher", name="pk_watch_cursors"),
    )


def _text(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False) for name in names]
