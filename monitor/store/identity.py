"""Whose store it is, and the bounds it works within."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Identity:
    """The deployment and vantage a store was made for, and `run`, a name that no other start of a monitor has."""

    deployment: str
    vantage: str
    run: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Every bound in one place.

    `deadline_seconds` bounds each call; a statement gives up within `statement_seconds`, so that the thread is free
    again before that. A vantage's lock that another session holds is waited for `lock_seconds`. Outcomes are written
    `batch_seconds` after the first waiting one or when `batch_rows` wait; beyond `waiting_rows` they are dropped,
    beyond `waiting_jobs` calls are refused. Signs of life further apart than `alive_gap_seconds` leave a gap.
    `keep_good` and `keep_failures`: how long outcomes are kept that were good, and all others; `keep_hours`:
    how long the hourly counts that are left of them; None: for ever.
    """

    deadline_seconds: float = 5.0
    statement_seconds: float = 4.0
    connect_seconds: int = 3
    lock_seconds: float = 1.0
    upgrade_seconds: float = 600.0
    batch_seconds: float = 0.8  # the port promises a second, and writing takes its time
    batch_rows: int = 2_000
    waiting_rows: int = 20_000
    waiting_jobs: int = 1_000
    alive_gap_seconds: float = 30.0  # the daemon shows one every 5 s
    keep_good: timedelta | None = None
    keep_failures: timedelta | None = None
    keep_hours: timedelta | None = None
