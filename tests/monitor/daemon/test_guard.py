"""What is not back long after its deadline is cut off; who is back in time, or cancelled by others, is left alone."""

import asyncio

import pytest

from monitor.guard import LOOK_SECONDS, Guard
from tests.support.virtual_time import VirtualLoop, run


class HeldUpLoop(VirtualLoop):
    """A loop that can be held up for a while: time passes, and nothing is done."""

    def hold_up(self, seconds: float) -> None:
        """Let time pass."""
        self._leaping.leapt += seconds


async def _under(guard: Guard, seconds: float, takes: float) -> str:
    with guard.over(seconds):
        await asyncio.sleep(takes)
    return "back"


def test_who_is_back_in_time_is_left_alone() -> None:
    """However many there are, and whatever they do afterwards."""

    async def main() -> list[str]:
        guard = Guard()
        said = await asyncio.gather(*(_under(guard, 5, takes) for takes in (0, 1, 4.9)))
        await asyncio.sleep(60)
        return said

    assert run(main()) == ["back"] * 3


def test_who_is_overdue_is_cut_off() -> None:
    """At the next look, as a deadline of its own would: `TimeoutError`, and the task is not cancelled afterwards."""

    async def main() -> float:
        since = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            await _under(Guard(), 5, 3600)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        return asyncio.get_running_loop().time() - since

    assert 5 <= run(main()) <= 5 + LOOK_SECONDS + 0.001


def test_who_is_cancelled_by_others_ends_as_cancelled() -> None:
    """Before it is overdue, and in the same instant."""

    async def main() -> None:
        guard = Guard()
        early = asyncio.create_task(_under(guard, 5, 3600))
        both = asyncio.create_task(_under(guard, 5, 3600))
        await asyncio.sleep(1)
        early.cancel()
        asyncio.get_running_loop().call_later(4, both.cancel)
        await asyncio.gather(early, both, return_exceptions=True)
        assert early.cancelled()
        assert both.cancelled()

    run(main())


def test_one_that_is_cut_off_and_comes_back_all_the_same_is_back() -> None:
    """It swallowed the cancellation: nothing of it is left on its task."""

    async def stubborn() -> str:
        with Guard().over(5):
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                return "back"
        raise AssertionError

    async def main() -> str:
        said = await stubborn()
        await asyncio.sleep(1)
        return said

    assert run(main()) == "back"


async def _bounded(guard: Guard) -> str:
    """Have a deadline of its own, as probes do, and tell what became of it."""
    with guard.over(10):
        try:
            async with asyncio.timeout(5):
                await asyncio.sleep(3600)
        except TimeoutError:
            return "too late"
    raise AssertionError


def test_a_process_that_was_held_up_leaves_everybody_their_own_deadline() -> None:
    """Frozen for minutes, everybody finds out that it is late; whoever hangs then is cut off by the next look."""

    async def main(loop: HeldUpLoop) -> tuple[str, float]:
        guard = Guard()
        bounded = asyncio.create_task(_bounded(guard))
        hanging = asyncio.create_task(_under(guard, 10, 3600))
        await asyncio.sleep(2)
        loop.hold_up(300)
        said = await bounded
        with pytest.raises(TimeoutError):
            await hanging
        return said, loop.time()

    loop = HeldUpLoop()
    try:
        said, ended = loop.run_until_complete(main(loop))
    finally:
        loop.close()
    assert said == "too late"
    assert ended <= 302 + 2 * LOOK_SECONDS


def test_a_process_that_is_held_up_all_the_time_still_cuts_off() -> None:
    """One late look is passed over, not each."""

    async def main(loop: HeldUpLoop) -> None:
        hanging = asyncio.create_task(_under(Guard(), 10, 3600))
        while not hanging.done() and loop.time() < 100:
            loop.hold_up(3)
            await asyncio.sleep(0.1)
        with pytest.raises(TimeoutError):
            await hanging

    loop = HeldUpLoop()
    try:
        loop.run_until_complete(main(loop))
    finally:
        loop.close()


def test_it_rests_when_nobody_is_under_way() -> None:
    """No timer is left, and the next one starts it again."""

    async def main() -> None:
        guard = Guard()
        for _ in range(2):
            assert await _under(guard, 5, 1) == "back"
            await asyncio.sleep(10)
            with pytest.raises(TimeoutError):
                await _under(guard, 2, 100)
            await asyncio.sleep(10)

    run(main())
