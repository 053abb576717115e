"""Long work beside the loop: in short pieces, with pauses."""

import asyncio
import threading
import time

import pytest

from monitor.web import sparing
from monitor.web.sparing import Work, sparingly


def _busy(seconds: float) -> None:
    """Use the processor for so long."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


class _Pauses:
    """Counts the pauses, and takes none."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Take note."""
        self.taken.append(seconds)


async def test_long_work_pauses_and_is_done_elsewhere() -> None:
    """Each piece ends as soon as its time is used up; the pauses are several times as long."""
    pauses = _Pauses()
    threads = set()

    def work() -> Work[str]:
        for _ in range(5):
            _busy(sparing.PIECE_SECONDS)
            threads.add(threading.get_ident())
            yield
        return "done"

    assert await sparingly(work(), pauses) == "done"
    assert pauses.taken == [sparing.PAUSE_SECONDS] * 5
    assert threading.get_ident() not in threads
    assert sparing.PAUSE_SECONDS >= 4 * sparing.PIECE_SECONDS


async def test_work_that_takes_no_time_takes_no_pause() -> None:
    """A small page is made as quickly as without."""
    pauses = _Pauses()

    def work() -> Work[str]:
        yield
        return "done"

    assert await sparingly(work(), pauses) == "done"
    assert not pauses.taken


async def test_what_work_raises_comes_out() -> None:
    """A mistake in making a page is its maker's to tell."""

    def work() -> Work[str]:
        yield
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        await sparingly(work())


async def test_work_ends_in_a_pause_when_nobody_waits_for_it_any_more() -> None:
    """Long making never holds up the end of the process: no piece begins after it was cancelled."""
    pieces = 0
    paused = asyncio.Event()

    def work() -> Work[str]:
        nonlocal pieces
        while True:
            pieces += 1
            _busy(sparing.PIECE_SECONDS)
            yield

    async def pause(_: float) -> None:
        paused.set()
        await asyncio.Event().wait()

    making = asyncio.create_task(sparingly(work(), pause))
    await paused.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert pieces == 1
