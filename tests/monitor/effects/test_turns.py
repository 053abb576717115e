"""Turns: never more than so many at once, the urgent first, and none is lost."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.turns import Turn, Turns
from tests.support.waiting import until


@dataclass
class Queue:
    """Tasks that each take a turn and hold it until they are let go."""

    turns: Turns
    began: list[str] = field(default_factory=list)
    holds: dict[str, asyncio.Event] = field(default_factory=dict)
    asked: dict[str, Turn] = field(default_factory=dict)
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def join(self, name: str, *, is_urgent: bool = False) -> None:
        """Have one more ask for a turn, and wait until it did."""
        self.holds[name] = asyncio.Event()
        self.asked[name] = asyncio.get_running_loop().create_future()
        self.tasks[name] = asyncio.create_task(self._take(name, is_urgent=is_urgent))
        await asyncio.sleep(0)

    async def leave(self, name: str) -> None:
        """Let one that holds a turn give it back."""
        self.holds[name].set()
        await self.tasks[name]

    async def _take(self, name: str, *, is_urgent: bool) -> None:
        async with self.turns.taken(self.asked[name], is_urgent=is_urgent):
            self.began.append(name)
            await self.holds[name].wait()


async def test_so_many_at_once_and_then_in_order() -> None:
    """The third waits for one of two to end."""
    queue = Queue(Turns(2))
    for name in ("a", "b", "c", "d"):
        await queue.join(name)
    assert queue.began == ["a", "b"]
    await queue.leave("b")
    await until(lambda: queue.began == ["a", "b", "c"])
    await queue.leave("a")
    await until(lambda: queue.began == ["a", "b", "c", "d"])
    await queue.leave("c")
    await queue.leave("d")


async def test_the_urgent_go_first() -> None:
    """Whoever came urgent, and whoever became so while waiting, in the order in which they did."""
    queue = Queue(Turns(1))
    await queue.join("holder")
    await queue.join("a")
    await queue.join("b")
    await queue.join("urgent", is_urgent=True)
    queue.turns.urge(queue.asked["b"])
    for name, following in (("holder", "urgent"), ("urgent", "b"), ("b", "a")):
        await queue.leave(name)
        await until(lambda expected=following: queue.began[-1] == expected)  # type: ignore[misc]  # bound at once
    await queue.leave("a")


async def test_one_that_does_not_wait_can_not_be_urged() -> None:
    """It has its turn, or never asked."""
    queue = Queue(Turns(1))
    await queue.join("a")
    queue.turns.urge(queue.asked["a"])
    queue.turns.urge(asyncio.get_running_loop().create_future())
    await queue.leave("a")
    await queue.join("b")
    assert queue.began == ["a", "b"]
    await queue.leave("b")


async def test_a_turn_given_to_one_that_was_cancelled_goes_on() -> None:
    """Cancelled while waiting, and in the very instant in which its turn came."""
    queue = Queue(Turns(1))
    async with queue.turns.taken(asyncio.get_running_loop().create_future(), is_urgent=False):
        for name in ("gone", "late", "next"):
            await queue.join(name)
        queue.tasks["gone"].cancel()
    queue.tasks["late"].cancel()  # the turn is its own by now, but its task has not run yet
    await until(lambda: queue.began == ["next"])
    await queue.leave("next")


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 3), st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_every_turn_comes_and_comes_back(at_once: int, askers: list[tuple[bool, bool]]) -> None:
    """However many ask, are urgent or are cancelled: never too many at once, and in the end all are free."""

    async def main() -> None:
        turns, holding, most, served = Turns(at_once), 0, 0, 0

        async def ask(*, is_urgent: bool) -> None:
            nonlocal holding, most, served
            async with turns.taken(asyncio.get_running_loop().create_future(), is_urgent=is_urgent):
                holding += 1
                most = max(most, holding)
                try:
                    await asyncio.sleep(0)
                finally:
                    holding -= 1
                served += 1

        tasks = [asyncio.create_task(ask(is_urgent=is_urgent)) for is_urgent, _ in askers]
        await asyncio.sleep(0)
        for task, (_, is_cancelled) in zip(tasks, askers, strict=True):
            if is_cancelled:
                task.cancel()
        async with asyncio.timeout(20):
            await asyncio.gather(*tasks, return_exceptions=True)
        assert most <= at_once
        assert served >= sum(not is_cancelled for _, is_cancelled in askers)
        assert turns._free == at_once

    asyncio.run(main())
