"""Waiting that nothing cuts short, for what must be finished once it was begun.

A task that is cancelled wakes wherever it waits. What writes a journal or takes something back must neither be left
half done by that nor forget that it was told: it is finished first.
"""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

from glasswatch.errors import GlasswatchError

T = TypeVar("T")

GRACE: Final = 10.0
"""Seconds that what was cancelled may take to clean up after itself, before nobody waits for it any longer."""
_ROOT: Final = Path(__file__).resolve().parents[2]


class Escaped(Exception):
    """`KeyboardInterrupt` or `SystemExit`, held back: in a task they would end the loop, and with it any clean-up."""

    def __init__(self, fault: BaseException) -> None:
        super().__init__(type(fault).__name__)
        self.fault = fault


def spawn(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """Begin a piece of work as a task of its own, whose faults stay in it."""
    task = asyncio.ensure_future(_contained(work))
    task.add_done_callback(lambda _task: work.close())  # of one that was cancelled before it began
    return task


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """Do the work to its end. Raises CancelledError afterwards if it was cancelled meanwhile."""
    task = spawn(work)
    cancelled = await _ended(task)
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # taken note of: whoever was cancelled has no use for it
        raise cancelled
    return task.result()


async def regardless(work: Coroutine[Any, Any, T], told: Callable[[], None] = lambda: None) -> T:
    """Do the work to its end, however often this is cancelled meanwhile; `told` is called each time it is."""
    task = spawn(work)
    await _ended(task, told)
    return task.result()


async def let_go(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they are done, for as long as they are given to clean up after themselves."""
    waiting = {task for task in tasks if not task.done()}
    for task in waiting:
        task.cancel()
    _take_note(set(tasks) - waiting)
    if waiting:
        await whole(_wait(waiting))


def words(fault: BaseException) -> str:
    """Return a fault in a line without secrets: in its own words where they are ours; else its type, and where."""
    if isinstance(fault, GlasswatchError):
        return str(fault)
    fault = fault.fault if isinstance(fault, Escaped) else fault
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(fault).__name__
    path = Path(trace.tb_frame.f_code.co_filename)
    shown = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else Path(path.name)
    return f"{type(fault).__name__} in {shown}:{trace.tb_lineno}"


async def _ended(task: asyncio.Task[Any], told: Callable[[], None] = lambda: None) -> asyncio.CancelledError | None:
    """Wait until a task is done; return the last time that this was cancelled meanwhile."""
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
            told()
    return cancelled


async def _wait(tasks: set[asyncio.Task[Any]]) -> None:
    done, _left = await asyncio.wait(tasks, timeout=GRACE)
    _take_note(done)


def _take_note(done: set[asyncio.Task[Any]]) -> None:
    """Ask what came of tasks that nobody else will ask: else Python says so, with a traceback."""
    for task in done:
        if not task.cancelled():
            task.exception()


async def _contained(work: Coroutine[Any, Any, T]) -> T:
    try:
        return await work
    except (KeyboardInterrupt, SystemExit) as fault:
        raise Escaped(fault) from fault
