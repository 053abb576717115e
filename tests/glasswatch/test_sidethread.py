"""Blocking work beside the loop: in order, with a deadline, and nobody else waits."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from glasswatch.sidethread import SideThread
from tests.support.waiting import until

SOON = timedelta(seconds=30)
AT_ONCE = timedelta(milliseconds=20)


@contextmanager
def stuck(thread_may_go: threading.Event) -> Iterator[None]:
    """Let a stuck thread go whatever the test found."""
    try:
        yield
    finally:
        thread_may_go.set()


async def test_returns_what_the_work_returned() -> None:
    """The result comes back into the loop; the work ran elsewhere."""
    assert await SideThread("t").run(threading.get_ident, SOON) != threading.get_ident()


async def test_raises_what_the_work_raised() -> None:
    """An error comes back as it is."""

    def fail() -> None:
        raise FileNotFoundError(2, "gone")

    with pytest.raises(FileNotFoundError):
        await SideThread("t").run(fail, SOON)


async def test_work_is_done_in_order() -> None:
    """A hundred pieces handed in together are done one after another, as they came."""
    done: list[int] = []
    thread = SideThread("t")

    await asyncio.gather(*(thread.run(lambda number=number: done.append(number), SOON) for number in range(100)))  # type: ignore[misc]

    assert done == list(range(100))


async def test_stuck_work_times_out_and_what_waited_behind_is_dropped() -> None:
    """Neither the stuck piece nor those behind it hold their waiters longer; those given up are never begun."""
    may_go = threading.Event()
    done: list[str] = []
    thread = SideThread("t")

    def hang() -> None:
        may_go.wait(60)
        done.append("stuck")

    with stuck(may_go):
        results = await asyncio.gather(
            thread.run(hang, AT_ONCE),
            thread.run(lambda: done.append("behind"), AT_ONCE),
            return_exceptions=True,
        )
        assert [type(result) for result in results] == [TimeoutError, TimeoutError]
        may_go.set()
        await thread.run(lambda: done.append("later"), SOON)

    assert done == ["stuck", "later"]


async def test_stuck_thread_holds_up_no_other() -> None:
    """Each side thread is on its own."""
    may_go = threading.Event()
    with stuck(may_go):
        waiting = asyncio.create_task(SideThread("a").run(lambda: may_go.wait(60), SOON))
        await SideThread("b").run(lambda: None, SOON)
        assert not waiting.done()
        may_go.set()
        await waiting


async def test_thread_ends_when_there_is_nothing_to_do() -> None:
    """No thread is left behind, and the next piece of work gets a new one."""
    thread = SideThread("ends by itself")
    for _ in range(3):
        await thread.run(lambda: None, SOON)
        await until(lambda: "ends by itself" not in [running.name for running in threading.enumerate()])


async def test_thread_that_lingers_does_the_next_piece_too_and_ends_then() -> None:
    """It is not started anew for what follows closely."""
    lingering, brief = SideThread("lingers", SOON), SideThread("lingers not for long", AT_ONCE)

    idents = {await lingering.run(threading.get_ident, SOON) for _ in range(3)}
    await brief.run(lambda: None, SOON)

    assert len(idents) == 1
    await until(lambda: "lingers not for long" not in [running.name for running in threading.enumerate()])


def test_result_for_a_loop_that_has_ended_is_dropped() -> None:
    """Work that outlives its loop ends quietly."""
    may_go, ended = threading.Event(), threading.Event()

    def hang() -> None:
        may_go.wait(60)
        ended.set()

    async def abandon() -> None:
        with pytest.raises(TimeoutError):
            await SideThread("t").run(hang, AT_ONCE)

    asyncio.run(abandon())
    may_go.set()

    assert ended.wait(20)
