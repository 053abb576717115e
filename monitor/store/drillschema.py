"""The tables of runs of drills and of the heads of their journals; both are kept for ever."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from monitor.store.columns import Instant


def runs(metadata: MetaData) -> Table:
    """Return the table of runs. `is_watched`: something has to become of it still; `record` is all of it."""
    return Table(
        "drill_runs",
        metadata,
        Column("vantage", Text, primary_key=True),
        Column("run", Text, primary_key=True),
        Column("scenario", Text, nullable=False),
        Column("platform", Text, nullable=False),
        Column("opened_at", Instant, nullable=False),
        Column("closed_at", Instant),
        Column("is_watched", Boolean, nullable=False),
        Column("is_passed", Boolean, nullable=False),
        Column("record", Text, nullable=False),
        Index("ix_drill_runs_opened_at", "vantage", "opened_at"),
        Index("ix_drill_runs_scenario", "vantage", "scenario", "opened_at"),
        Index("ix_drill_runs_is_watched", "vantage", "is_watched"),
    )


def heads(metadata: MetaData) -> Table:
    """Return the table of heads: evidence, with the receipt that was given for each."""
    return Table(
        "drill_heads",
        metadata,
        Column("vantage", Text, nullable=False),
        Column("run", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("act", Text, nullable=False),
        Column("at", Instant, nullable=False),
        Column("hash", Text, nullable=False),
        Column("receipt", Text, nullable=False),
        PrimaryKeyConstraint("vantage", "run", "seq", "act"),
        ForeignKeyConstraint(["vantage", "run"], ["drill_runs.vantage", "drill_runs.run"]),
    )
