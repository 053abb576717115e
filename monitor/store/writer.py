"""The one thread that touches the database.

- The loop never waits for it beyond a deadline: a call is answered, refused, or told that the store is unavailable.
- A caller that gave up was told that nothing is written, so nothing is: its work is not begun, or rolled back. Only
  while the commit itself is under way can't that be known; such a work ends as doubtful.
- While the thread is stuck in one work past a deadline, further ones are refused at once: nobody queues for nothing.
- Works go before outcomes; both are bounded in number.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, StrEnum, auto
from threading import Condition, Thread
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from monitor.errors import StoreUnavailable
from monitor.store.engine import Database
from monitor.store.identity import Limits
from monitor.store.outcomes import OutcomeBuffer

log = logging.getLogger("glasswatch.store")
T = TypeVar("T")
Told = Callable[["Ending"], None]


class Ending(StrEnum):
    """How a work ended, told to whoever gave it, on the thread."""

    WRITTEN = "written"
    NOTHING = "nothing"  # rolled back
    DOUBTFUL = "doubtful"  # the caller doesn't know whether it was written


class _Stage(Enum):
    QUEUED = auto()
    RUNNING = auto()
    COMMITTING = auto()
    DONE = auto()
    ABANDONED = auto()


class _Abandoned(Exception):
    """The caller gave up before the commit."""


@dataclass(slots=True, eq=False)
class _Job:
    work: Callable[[Connection], Any]
    ended: Told
    future: Future[Any] = field(default_factory=Future)
    stage: _Stage = _Stage.QUEUED
    is_unanswered: bool = False  # the caller gave up while the commit was under way


class Writer:
    """Runs works in transactions, one at a time. `start` and `stop` once each."""

    def __init__(self, database: Database, buffer: OutcomeBuffer, limits: Limits) -> None:
        self._database = database
        self._buffer = buffer
        self._limits = limits
        self._changed = Condition()
        self._jobs: deque[_Job] = deque()
        self._is_stuck = False
        self._is_stopping = False
        self._ended: Future[None] = Future()
        self._thread = Thread(target=self._run, name="glasswatch-store", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._ended.set_running_or_notify_cancel()
        self._thread.start()

    def wake(self) -> None:
        """Have the thread look at the outcomes."""
        with self._changed:
            self._changed.notify()

    async def call(
        self, work: Callable[[Connection], T], ended: Told = lambda _ending: None, *, seconds: float | None = None
    ) -> T:
        """Run `work` in a transaction on the thread and return what it returns; bounded by `seconds`.

        Raises:
            StoreUnavailable: it could not be done in time.
            Exception: what the work raised.
        """
        seconds = self._limits.deadline_seconds if seconds is None else seconds
        job = _Job(work, ended)
        self._put(job)
        try:
            async with asyncio.timeout(seconds):
                return cast("T", await asyncio.wrap_future(job.future))
        except TimeoutError:
            if self._abandon(job, is_stuck=True):
                raise StoreUnavailable(
                    f"the store {self._database.place} did not answer within {seconds:g} s"
                ) from None
            return cast("T", job.future.result())
        except asyncio.CancelledError:
            self._abandon(job, is_stuck=False)
            raise

    async def stop(self, within: timedelta | None = None) -> None:
        """Do what is queued, close the database, and end; waits no longer than `within`, else than the deadline.

        May be repeated.
        """
        seconds = self._limits.deadline_seconds if within is None else within.total_seconds()
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wrap_future(self._ended)
        except TimeoutError:
            log.error("store_not_closed", extra={"fields": {"store": self._database.place}})  # noqa: TRY400 - ours

    def _put(self, job: _Job) -> None:
        place = self._database.place
        with self._changed:
            if self._is_stopping:
                raise StoreUnavailable(f"the store {place} is closed")
            if self._is_stuck:
                raise StoreUnavailable(f"the store {place} does not answer: an earlier call still waits for it")
            if len(self._jobs) >= self._limits.waiting_jobs:
                raise StoreUnavailable(f"the store {place} can't keep up: {len(self._jobs)} calls wait for it")
            self._jobs.append(job)
            self._changed.notify()

    def _abandon(self, job: _Job, *, is_stuck: bool) -> bool:
        """Give up on a job; return false if it was done already."""
        with self._changed:
            if job.stage is _Stage.DONE:
                return False
            self._is_stuck = self._is_stuck or is_stuck
            if job.stage is _Stage.COMMITTING:
                job.is_unanswered = True
            else:
                job.stage = _Stage.ABANDONED
            return True

    def _run(self) -> None:
        try:
            while (task := self._next()) is not None:
                job, is_flush_due = task
                if job is not None:
                    self._do(job)
                if is_flush_due:
                    self._buffer.flush(self._database.transact)
                with self._changed:
                    self._is_stuck = False
            while self._buffer.due_in() is not None and self._buffer.flush(self._database.transact):
                pass
        finally:
            self._buffer.give_up()
            self._database.close()
            self._ended.set_result(None)

    def _next(self) -> tuple[_Job | None, bool] | None:
        """Wait for the next job, and say whether outcomes are due; None when all is done and the end has come."""
        with self._changed:
            while True:
                due_in = self._buffer.due_in()
                is_flush_due = due_in is not None and due_in <= 0
                job = self._jobs.popleft() if self._jobs else None
                if job is not None or is_flush_due:
                    return job, is_flush_due
                if self._is_stopping:
                    return None
                if not self._changed.wait(due_in):
                    return None, True

    def _do(self, job: _Job) -> None:
        with self._changed:
            if job.stage is _Stage.ABANDONED or not job.future.set_running_or_notify_cancel():
                job.ended(Ending.NOTHING)
                return
            job.stage = _Stage.RUNNING
        try:
            result = self._database.transact(job.work, lambda: self._about_to_commit(job))
        except BaseException as error:  # noqa: BLE001 - whatever it was, its caller is told
            self._finish(job, None, error)
        else:
            self._finish(job, result, None)

    def _about_to_commit(self, job: _Job) -> None:
        with self._changed:
            if job.stage is _Stage.ABANDONED:
                raise _Abandoned
            job.stage = _Stage.COMMITTING

    def _finish(self, job: _Job, result: object, error: BaseException | None) -> None:
        # Under the lock as a whole: a caller that gives up now finds the job done, and its answer there.
        with self._changed:
            if error is None:
                job.ended(Ending.DOUBTFUL if job.is_unanswered else Ending.WRITTEN)
                job.future.set_result(result)
            else:
                job.ended(Ending.DOUBTFUL if job.stage is _Stage.COMMITTING else Ending.NOTHING)
                job.future.set_exception(error)
            job.stage = _Stage.DONE
