"""The first schema. Written out, not taken from `schema.py`: what was once released must not change with it."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _make_identity()
    _make_measured()
    _make_state()
    _make_flags()
    _make_history()
    _make_pages()
    _make_audit()


def _text(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _whole(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    # Whole numbers and times. Nothing here counts by itself but `_counted`.
    return [sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=nullable) for name in names]


def _counted() -> list[sa.Column[int]]:
    return [sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)]


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _make_identity() -> None:
    op.create_table(
        "meta",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *_text("deployment"),
        *_whole("created_at"),
        sa.CheckConstraint("id = 1", name=op.f("ck_meta_one_row")),
        _key("meta", "id"),
    )
    op.create_table("vantages", *_text("vantage"), *_whole("created_at"), _key("vantages", "vantage"))


def _make_measured() -> None:
    op.create_table(
        "alive_spans",
        *_counted(),
        *_text("vantage", "run"),
        *_whole("since", "until"),
        _key("alive_spans", "id"),
    )
    op.create_index("ix_alive_spans_vantage", "alive_spans", ["vantage", "id"])
    op.create_table(
        "blind_spans",
        *_text("vantage"),
        *_whole("since"),
        *_whole("until", nullable=True),
        _key("blind_spans", "vantage", "since"),
    )
    op.create_table(
        "series",
        *_counted(),
        *_text("vantage", "platform", "probe", "function"),
        _key("series", "id"),
        sa.UniqueConstraint("vantage", "platform", "probe", "function", name="uq_series"),
    )
    phases = ("resolve_seconds", "connect_seconds", "tls_seconds", "processing_seconds", "transfer_seconds")
    op.create_table(
        "outcomes",
        *_whole("series", "started_at"),
        sa.Column("nth", sa.Integer(), autoincrement=False, nullable=False),
        *_text("kind", "reason", "attempt"),
        sa.Column("is_believed", sa.Boolean(), nullable=False),
        sa.Column("duration_seconds", sa.Double(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in phases),
        *_whole("tls_expiry_at", nullable=True),
        *_text("warnings", "detail", nullable=True),
        sa.ForeignKeyConstraint(["series"], ["series.id"], name="fk_outcomes_series"),
        _key("outcomes", "started_at", "series", "nth"),
        sqlite_with_rowid=False,
    )


def _make_state() -> None:
    op.create_table(
        "platforms",
        *_text("vantage", "platform"),
        *_whole("revision"),
        *_text("run", "state"),
        *_whole("checksum", "updated_at"),
        _key("platforms", "vantage", "platform"),
    )
    op.create_table(
        "probe_states",
        *_text("vantage", "platform", "probe", "state"),
        *_whole("checksum"),
        sa.ForeignKeyConstraint(
            ["vantage", "platform"], ["platforms.vantage", "platforms.platform"], name="fk_probe_states_platforms"
        ),
        _key("probe_states", "vantage", "platform", "probe"),
    )


def _make_flags() -> None:
    op.create_table(
        "flag_ledger",
        *_text("vantage", "platform"),
        *_whole("ver"),
        *_text("ver_sha256"),
        *_text("change_sha256", "prev_sha256", nullable=True),
        *_whole("checksum"),
        _key("flag_ledger", "vantage", "platform"),
    )
    op.create_table(
        "flag_documents",
        *_text("vantage", "platform"),
        *_whole("ver", "change"),
        *_text("state"),
        *_whole("issued_at", "expires_at"),
        *_text("jws", "sha256"),
        _key("flag_documents", "vantage", "platform", "ver"),
    )


def _make_history() -> None:
    op.create_table(
        "transitions",
        *_counted(),
        *_text("vantage", "platform"),
        *_whole("revision", "at"),
        *_text("kind", "subject"),
        *_text("was", "now", "why", "body", nullable=True),
        _key("transitions", "id"),
    )
    op.create_index("ix_transitions_kind", "transitions", ["vantage", "platform", "kind", "at"])
    op.create_table(
        "outages",
        *_text("vantage", "platform", "outage"),
        *_whole("opened_at", "confirmed_at"),
        *_whole("ended_at", "cleared_at", nullable=True),
        *_text("record"),
        _key("outages", "vantage", "platform", "outage"),
    )
    op.create_index("ix_outages_opened_at", "outages", ["vantage", "opened_at"])
    op.create_table(
        "causes",
        *_counted(),
        *_text("vantage", "platform", "kind", "cause"),
        *_whole("added_at"),
        *_whole("ended_at", nullable=True),
        *_text("ended_why", nullable=True),
        *_text("record"),
        _key("causes", "id"),
    )
    op.create_index("ix_causes_cause", "causes", ["vantage", "platform", "kind", "cause"])


def _make_pages() -> None:
    op.create_table(
        "pages",
        *_counted(),
        *_text("vantage", "page", "platform", "kind", "status", "dedup_key"),
        *_whole("decided_at"),
        *_text("record"),
        _key("pages", "id"),
        sa.UniqueConstraint("vantage", "page", name="uq_pages"),
    )
    op.create_index("ix_pages_decided_at", "pages", ["vantage", "decided_at"])
    op.create_table(
        "deliveries",
        *_text("vantage", "page", "channel", "state"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        *_whole("next_at"),
        *_text("last_error", "receipt"),
        sa.ForeignKeyConstraint(["vantage", "page"], ["pages.vantage", "pages.page"], name="fk_deliveries_pages"),
        _key("deliveries", "vantage", "page", "channel"),
    )
    op.create_index("ix_deliveries_state", "deliveries", ["vantage", "state"])


def _make_audit() -> None:
    op.create_table(
        "audit",
        *_text("vantage"),
        *_whole("seq", "at"),
        *_text("platform", nullable=True),
        *_text("kind", "actor", "entry", "prev", "hash"),
        _key("audit", "vantage", "seq"),
    )
    op.create_index("ix_audit_at", "audit", ["vantage", "at"])
