"""Blocking work (disks, names, secrets) beside the event loop: what hangs holds up its waiters, to their deadline.

- Work of one `SideThread` is done one piece after another, in order.
- Work whose waiter gave up is not begun any more. What has begun can't be stopped: it ends when the disk lets it.
- The thread ends when there was nothing to do for as long as it lingers, and never holds up the end of the process (a
  pool's threads would). Where pieces follow one another closely a thread that lingers saves each of them a start.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[], object]
    done: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop


class SideThread:
    """One thread for one thing that may hang: a disk, a file, a name."""

    def __init__(self, name: str, lingers: timedelta = timedelta(0)) -> None:
        self._name = name
        self._lingers = lingers.total_seconds()
        self._jobs: deque[_Job] = deque()
        self._news = threading.Condition(threading.Lock())
        self._is_running = False

    async def run(self, work: Callable[[], T], within: timedelta) -> T:
        """Have `work` done in the thread, and return what it returned.

        Raises:
            TimeoutError: it was not done within the deadline; it may still be done later if it has begun.
            OSError: `work` raised it, or no thread could be started. Whatever else `work` raises comes out too.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, loop.create_future(), loop)
        self._begin(job)
        async with asyncio.timeout(within.total_seconds()):
            result: T = await job.done
            return result

    def _begin(self, job: _Job) -> None:
        with self._news:
            self._jobs.append(job)
            if self._is_running:
                self._news.notify()
                return
            self._is_running = True
        try:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        except RuntimeError:
            with self._news:
                self._is_running = False
                self._jobs.clear()
            raise OSError("no thread could be started") from None

    def _work(self) -> None:
        while (job := self._next()) is not None:
            if job.done.cancelled():
                continue
            result: object = None
            fault: Exception | None = None
            try:
                result = job.work()
            except Exception as error:  # noqa: BLE001 - it is handed to whoever waits
                fault = error
            self._answer(job, result, fault)

    def _next(self) -> _Job | None:
        with self._news:
            if self._jobs or self._news.wait_for(lambda: self._jobs, self._lingers):
                return self._jobs.popleft()
            self._is_running = False
            return None

    @staticmethod
    def _answer(job: _Job, result: object, fault: Exception | None) -> None:
        def tell() -> None:
            if job.done.done():
                return
            if fault is None:
                job.done.set_result(result)
            else:
                job.done.set_exception(fault)

        try:
            job.loop.call_soon_threadsafe(tell)
        except RuntimeError:
            # The loop has ended meanwhile; nobody waits.
            return
