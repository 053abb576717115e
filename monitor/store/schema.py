"""The tables.

- Every table names the vantage: several vantages may share one PostgreSQL database, each writing its own rows only.
- Nothing that happened is changed later but to say how it ended; what is held now (`platforms`, `probe_states`,
  `flag_ledger`) is replaced in place.
- Times are microseconds (`columns.Instant`); whole values are JSON by `codec`, beside the columns one asks by.
- A change here needs a migration, a new `HEAD`, and nothing else: a test compares both ways to the same schema.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from monitor.store import drillschema
from monitor.store.columns import Instant, Words

HEAD = "0008"  # the newest migration; a test compares it with Alembic's own answer
NOT_GOOD = "kind <> 'good'"
REVISION_TABLE = "glasswatch_revision"  # not Alembic's default, which another application may have put there

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite counts by itself only in a column that is exactly INTEGER PRIMARY KEY.
_COUNTED = BigInteger().with_variant(Integer(), "sqlite")

# Which schema this is. Apart from `metadata`, because Alembic owns the table.
revision_table = Table(
    REVISION_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False, primary_key=True),
)

# The one row that says whose store this is.
meta = Table(
    "meta",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("deployment", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

vantages = Table(
    "vantages",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("created_at", Instant, nullable=False),
)

# When a monitor showed signs of life without a gap. The one written last, not the latest, tells when it was last
# alive: a clock that was set back must not hide a gap.
alive_spans = Table(
    "alive_spans",
    metadata,
    Column("id", _COUNTED, primary_key=True),
    Column("vantage", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Index("ix_alive_spans_vantage", "vantage", "id"),
)

# When the vantage could not see. `until` is empty while it still can't.
blind_spans = Table(
    "blind_spans",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("until", Instant),
)

# One row per probe that ever ran, so that an outcome's row stays small.
series = Table(
    "series",
    metadata,
    Column("id", _COUNTED, primary_key=True),
    Column("vantage", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("probe", Text, nullable=False),
    Column("function", Text, nullable=False),
    UniqueConstraint("vantage", "platform", "probe", "function"),
)

# Kept in the order of time: new rows go to the end (half the cost of an order by probe), and retention cuts off the
# front. `nth` tells apart attempts of one probe that started in the same microsecond. With the key made by us, a batch
# whose answer was lost can be written again without counting anything twice.
outcomes = Table(
    "outcomes",
    metadata,
    Column("series", BigInteger, ForeignKey("series.id"), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("nth", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempt", Text, nullable=False),
    Column("is_believed", Boolean, nullable=False),
    Column("duration_seconds", Double, nullable=False),
    Column("resolve_seconds", Double),
    Column("connect_seconds", Double),
    Column("tls_seconds", Double),
    Column("processing_seconds", Double),
    Column("transfer_seconds", Double),
    Column("tls_expiry_at", Instant),
    Column("warnings", Text),  # separated by commas; empty for none
    Column("detail", Words),
    PrimaryKeyConstraint("started_at", "series", "nth"),
    # What people look for, and what there is little of. It costs a good outcome nothing.
    Index("ix_outcomes_failures", "series", "started_at", sqlite_where=text(NOT_GOOD), postgresql_where=text(NOT_GOOD)),
    sqlite_with_rowid=False,
)

# What is left of outcomes whose time is over: how many of a sort began in an hour (its number since 1970, in UTC), and
# how long they took. An outcome is counted here or stands in `outcomes`, never both. Hours first, because new rows go
# to the end then.
outcome_hours = Table(
    "outcome_hours",
    metadata,
    Column("hour", Integer, nullable=False),
    Column("series", BigInteger, ForeignKey("series.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempt", Text, nullable=False),
    Column("is_believed", Boolean, nullable=False),
    Column("runs", BigInteger, nullable=False),
    Column("warned", BigInteger, nullable=False),
    Column("took_microseconds", BigInteger, nullable=False),
    Column("longest_microseconds", BigInteger, nullable=False),
    Column("spread", LargeBinary, nullable=False),
    PrimaryKeyConstraint("hour", "series", "kind", "reason", "attempt", "is_believed"),
    sqlite_with_rowid=False,
)

# What is held of a platform now, without its probes. `revision` is compared and set; `run` is who wrote it.
platforms = Table(
    "platforms",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("run", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("checksum", BigInteger, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

probe_states = Table(
    "probe_states",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("probe", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("checksum", BigInteger, nullable=False),
    ForeignKeyConstraint(["vantage", "platform"], ["platforms.vantage", "platforms.platform"]),
)

# The highest version ever reserved and for which document, and the documents that carried the last change and the one
# before. The version never goes back.
flag_ledger = Table(
    "flag_ledger",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("ver", BigInteger, nullable=False),
    Column("ver_sha256", Text, nullable=False),
    Column("change_sha256", Text),
    Column("prev_sha256", Text),
    Column("checksum", BigInteger, nullable=False),
)

# Every document that carried a change; kept for ever.
flag_documents = Table(
    "flag_documents",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("ver", BigInteger, primary_key=True, autoincrement=False),
    Column("change", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("jws", Text, nullable=False),
    Column("sha256", Text, nullable=False),
)

# What the rules found, in order; `body` is the whole fact, but for pages, which have a table of their own.
transitions = Table(
    "transitions",
    metadata,
    Column("id", _COUNTED, primary_key=True),
    Column("vantage", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("was", Text),
    Column("now", Text),
    Column("why", Words),
    Column("body", Text),
    Index("ix_transitions_kind", "vantage", "platform", "kind", "at"),
)

outages = Table(
    "outages",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("outage", Text, primary_key=True),
    Column("opened_at", Instant, nullable=False),
    Column("confirmed_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("cleared_at", Instant),
    Column("record", Text, nullable=False),
    Index("ix_outages_opened_at", "vantage", "opened_at"),
)

# The history of causes: one row from the time a cause was added until it ended or was suspended.
causes = Table(
    "causes",
    metadata,
    Column("id", _COUNTED, primary_key=True),
    Column("vantage", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_why", Words),
    Column("record", Text, nullable=False),
    Index("ix_causes_cause", "vantage", "platform", "kind", "cause"),
)

pages = Table(
    "pages",
    metadata,
    Column("id", _COUNTED, primary_key=True),
    Column("vantage", Text, nullable=False),
    Column("page", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("dedup_key", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("record", Text, nullable=False),
    UniqueConstraint("vantage", "page"),
    Index("ix_pages_decided_at", "vantage", "decided_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("page", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("last_error", Words, nullable=False),
    Column("receipt", Words, nullable=False),
    ForeignKeyConstraint(["vantage", "page"], ["pages.vantage", "pages.page"]),
    Index("ix_deliveries_state", "vantage", "state"),
)

# Every attempt at break-glass. `reported` and `found` are the ids of its report and its finding; `record` is all of it.
uses = Table(
    "uses",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("use", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("reported", Text),
    Column("found", Text),
    Column("target", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("record", Text, nullable=False),
    Index("ix_uses_at", "vantage", "platform", "at"),
    Index("ix_uses_received_at", "vantage", "received_at"),
    Index("ix_uses_reported", "vantage", "reported"),
    Index("ix_uses_found", "vantage", "found"),
    Index("ix_uses_is_open", "vantage", "is_open"),
)

# How far each watcher has read, and when each heartbeat was heard last (`heartbeat:NAME`). What `place` means is its
# owner's own affair.
watch_cursors = Table(
    "watch_cursors",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("watcher", Text, primary_key=True),
    Column("place", Text, nullable=False),
)

# What journeys opened and is not known closed. `record` is all of it.
openings = Table(
    "openings",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("probe", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("record", Text, nullable=False),
    Index("ix_openings_probe", "vantage", "platform", "probe"),
)

# Every maintenance window that was ever agreed; kept for ever. `until` is when it is over as things stand; empty for
# one that comes back without end. `record` is all of it: from it follows when it was in force, for any time.
windows = Table(
    "windows",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("agreed_at", Instant, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("record", Text, nullable=False),
    Index("ix_windows_agreed_at", "vantage", "agreed_at"),
)

# What status pages said, from `at` until the next row of the probe; kept for ever. `detail` is our own line about it.
said = Table(
    "said",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("probe", Text, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("word", Text, nullable=False),
    Column("detail", Words, nullable=False),
)

drill_runs, drill_heads = drillschema.runs(metadata), drillschema.heads(metadata)

# The hash chain, one per vantage. `entry` is the canonical JSON that the hash covers.
audit = Table(
    "audit",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("platform", Text),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_at", "vantage", "at"),
)
