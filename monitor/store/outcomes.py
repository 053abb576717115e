"""Outcomes on their way to the store: queued at once, written in batches.

- A batch is due soon after its first outcome came, or as soon as it is full.
- What can't be written now is tried again later, within bounds; beyond them new outcomes are dropped and counted.
- A batch keeps its keys when it is written again, so that one whose answer was lost counts once.
- A row that can never be written is dropped alone, and counted.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.sql.compiler import SQLCompiler

from glasswatch.clock import Clock
from monitor.errors import StoreError
from monitor.model.record import OutcomeRow
from monitor.store import said
from monitor.store.columns import storable, to_microseconds
from monitor.store.faults import RowRefused
from monitor.store.identity import Limits
from monitor.store.said import Heard
from monitor.store.schema import outcomes, series
from monitor.store.upserts import adding

log = logging.getLogger("glasswatch.store")

Work = Callable[[Connection], None]


class _Key(NamedTuple):
    platform: str
    probe: str
    function: str


class _Encoded(NamedTuple):
    key: _Key
    columns: tuple[object, ...]  # in the order of _COLUMNS
    heard: Heard | None = None


_COLUMNS = tuple(column.name for column in outcomes.columns if column.name != "series")


class OutcomeBuffer:
    """Takes outcomes from the loop, and has the writer's thread write them."""

    def __init__(self, vantage: str, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._lock = Lock()
        self._waiting: deque[OutcomeRow] = deque()
        self._held = 0  # waiting or in the batch
        self._dropped = 0
        self._is_overflowing = False
        self._is_open = False
        self._due_at = 0.0
        self._is_failing = False
        # The thread's own:
        self._batch: list[_Encoded] = []
        self._table = _OutcomeTable(vantage)

    @property
    def dropped(self) -> int:
        """How many outcomes were given up."""
        return self._dropped

    @property
    def is_unsure(self) -> bool:
        """Whether a batch is to be written again, and may have been written before. For the thread."""
        return bool(self._batch)

    def add(self, rows: Iterable[OutcomeRow]) -> bool:
        """Queue outcomes without waiting; return whether the thread should look."""
        rows = list(rows)
        with self._lock:
            before = self._held
            room = self._limits.waiting_rows - before if self._is_open else 0
            self._waiting.extend(rows[:room])
            self._held += min(len(rows), room)
            self._dropped += max(0, len(rows) - room)
            was_overflowing, self._is_overflowing = self._is_overflowing, len(rows) > room
            if before == 0:
                self._due_at = self._clock.monotonic() + self._limits.batch_seconds
            should_look = self._held > 0 and (before == 0 or before < self._limits.batch_rows <= self._held)
        if self._is_overflowing and not was_overflowing:
            log.error("outcomes_dropped", extra={"fields": {"waiting": before}})
        return should_look

    def open(self) -> None:
        """Take outcomes from now on; until then they are dropped."""
        with self._lock:
            self._is_open = True

    def due_in(self) -> float | None:
        """Return in how many seconds there is something to write; None if nothing waits."""
        with self._lock:
            if not self._held:
                return None
            if self._held >= self._limits.batch_rows and not self._is_failing:
                return 0.0
            return max(0.0, self._due_at - self._clock.monotonic())

    def flush(self, transact: Callable[[Work], None]) -> bool:
        """Write one batch; return whether the store took it. Raises nothing."""
        self._fill()
        try:
            transact(lambda connection: self._table.write(connection, self._batch))
        except RowRefused:
            return self._flush_singly(transact)
        except StoreError as fault:
            self._failed(fault)
            return False
        except Exception:
            log.exception("outcomes_unwritable")
            self._done(self._batch, is_dropped=True)
            return True
        self._table.written()
        self._done(self._batch, is_dropped=False)
        return True

    def give_up(self) -> None:
        """Count what is left, and what may still come, as dropped: nobody will write it any more."""
        with self._lock:
            self._is_open = False
            self._dropped += self._held
            self._held = 0
            self._waiting.clear()

    def _fill(self) -> None:
        with self._lock:
            room = self._limits.batch_rows - len(self._batch)
            taken = [self._waiting.popleft() for _ in range(min(room, len(self._waiting)))]
            self._due_at = self._clock.monotonic() + self._limits.batch_seconds
        for row in taken:
            try:
                self._batch.append(self._table.encode(row))
            except Exception:
                log.exception("outcome_unwritable", extra={"fields": {"probe": row.probe}})
                with self._lock:
                    self._held -= 1
                    self._dropped += 1

    def _flush_singly(self, transact: Callable[[Work], None]) -> bool:
        for row in tuple(self._batch):
            try:
                transact(lambda connection, row=row: self._table.write(connection, [row]))  # type: ignore[misc]  # a default binds the loop's variable
            except RowRefused as fault:
                log.error("outcome_refused", extra={"fields": {"probe": row.key.probe, "error": str(fault)}})  # noqa: TRY400 - the driver's traceback says no more
                self._done([row], is_dropped=True)
            except StoreError as fault:
                self._failed(fault)
                return False
            else:
                self._table.written()
                self._done([row], is_dropped=False)
        return True

    def _failed(self, fault: StoreError) -> None:
        with self._lock:
            was_failing, self._is_failing = self._is_failing, True
            self._due_at = self._clock.monotonic() + self._limits.batch_seconds
        if not was_failing:
            log.error("outcomes_not_written", extra={"fields": {"error": str(fault)}})

    def _done(self, rows: list[_Encoded], *, is_dropped: bool) -> None:
        done = len(rows)
        self._batch = [row for row in self._batch if row not in rows] if done < len(self._batch) else []
        with self._lock:
            self._is_failing = False
            self._held -= done
            self._dropped += done * is_dropped


class _OutcomeTable:
    """Turns outcomes into rows of a vantage."""

    def __init__(self, vantage: str) -> None:
        self._vantage = vantage
        self._ids: dict[_Key, int] = {}
        self._new_ids: dict[_Key, int] = {}
        self._latest: dict[_Key, tuple[int, int]] = {}
        self._statement: SQLCompiler | None = None  # compiling takes as long as writing a batch

    def encode(self, row: OutcomeRow) -> _Encoded:
        """Return the row as the database keeps it, but for its series; its key is settled here, once."""
        outcome = row.outcome
        key = _Key(row.platform, row.probe, row.function)
        started = to_microseconds(outcome.started_at)
        last, nth = self._latest.get(key, (0, 0))
        nth = nth + 1 if last == started else 0
        self._latest[key] = (started, nth)
        phase = outcome.phases.get
        columns = (
            started,
            nth,
            outcome.kind._value_,
            outcome.reason._value_,
            outcome.attempt._value_,
            row.is_believed,
            outcome.duration_seconds,
            phase("resolve"),
            phase("connect"),
            phase("tls"),
            phase("processing"),
            phase("transfer"),
            None if outcome.tls_expiry_at is None else to_microseconds(outcome.tls_expiry_at),
            ",".join(outcome.warnings) or None,
            storable(outcome.detail) or None,
        )
        heard = Heard(row.platform, row.probe, outcome.started_at, row.word, outcome.detail) if row.word else None
        return _Encoded(key, columns, heard)

    def write(self, connection: Connection, rows: Sequence[_Encoded]) -> None:
        """Write rows; those written before stay as they are."""
        if not rows:
            return
        self._new_ids = self._make_series(connection, {row.key for row in rows} - self._ids.keys())
        ids = {**self._ids, **self._new_ids}
        said.write(connection, self._vantage, [row.heard for row in rows if row.heard is not None])
        # Past SQLAlchemy's own handling of each parameter, which costs more than SQLite does. The values are plain.
        statement = self._statement
        if statement is None:
            statement = self._statement = adding(connection, outcomes).compile(dialect=connection.dialect)
        filled = [(ids[row.key], *row.columns) for row in rows]
        if statement.positional:
            connection.exec_driver_sql(statement.string, filled)
        else:
            names = ("series", *_COLUMNS)
            connection.exec_driver_sql(statement.string, [dict(zip(names, row, strict=True)) for row in filled])

    def written(self) -> None:
        """Remember the series made by the last `write`: it was committed."""
        self._ids.update(self._new_ids)

    def _make_series(self, connection: Connection, keys: set[_Key]) -> dict[_Key, int]:
        found = {}
        for key in sorted(keys):
            row = {"vantage": self._vantage, **key._asdict()}
            connection.execute(adding(connection, series), row)
            found[key] = connection.execute(select(series.c.id).filter_by(**row)).scalar_one()
        return found
