"""Turns to begin: a free loop makes nobody wait, a busy one lets nothing new begin before what is under way."""

import asyncio

import pytest

from monitor.starts import AT_ONCE, Starts


class Crowd:
    """Attempts that all want to begin at once; each needs the loop to come round `rounds` times."""

    def __init__(self, starts: Starts, rounds: int) -> None:
        self._starts = starts
        self._rounds = rounds
        self.order: list[str] = []
        self.under_way = 0
        self.most = 0

    async def attempt(self, name: str, *, is_urgent: bool = False) -> None:
        """Make one."""
        await self._starts.turn(is_urgent=is_urgent)
        self.order.append(name)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        for _ in range(self._rounds):
            await asyncio.sleep(0)
        self.under_way -= 1


async def test_a_crowd_begins_a_few_at_a_time() -> None:
    """Of 500 that are due at once only so many are under way as the loop comes round for each; all begin in order."""
    crowd = Crowd(Starts(), rounds=5)
    names = [str(number) for number in range(500)]
    await asyncio.gather(*map(crowd.attempt, names))

    assert crowd.order == names
    assert crowd.most <= 7 * AT_ONCE


async def test_who_only_waits_keeps_nobody_from_beginning() -> None:
    """Attempts that hang on their servers take no turns."""
    starts, hanging = Starts(), asyncio.Event()

    async def hang() -> None:
        await starts.turn(is_urgent=False)
        await hanging.wait()

    hung = [asyncio.create_task(hang()) for _ in range(100)]
    crowd = Crowd(starts, rounds=1)
    async with asyncio.timeout(30):
        await crowd.attempt("one")
    hanging.set()
    await asyncio.gather(*hung)

    assert crowd.order == ["one"]


async def test_a_free_loop_makes_nobody_wait() -> None:
    """The first begins without giving way to anybody, and so does the next once the loop came round."""
    starts = Starts()
    for _ in range(3):
        turn = starts.turn(is_urgent=False)
        with pytest.raises(StopIteration):
            turn.send(None)
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def test_the_urgent_go_first() -> None:
    """Confirmations before what is only due."""
    crowd = Crowd(Starts(), rounds=0)
    due = [f"due {number}" for number in range(3 * AT_ONCE)]
    urgent = [f"urgent {number}" for number in range(AT_ONCE + 1)]
    others = [asyncio.create_task(crowd.attempt(name)) for name in due]
    first = [asyncio.create_task(crowd.attempt(name, is_urgent=True)) for name in urgent]
    await asyncio.gather(*others, *first)

    assert crowd.order == [*due[:AT_ONCE], *urgent, *due[AT_ONCE:]]


async def test_who_is_gone_takes_no_turn() -> None:
    """Cancelled while waiting, or in the instant of its turn: the next still gets one."""
    crowd = Crowd(Starts(), rounds=0)
    tasks = [asyncio.create_task(crowd.attempt(str(number))) for number in range(AT_ONCE + 5)]
    await asyncio.sleep(0)
    gone = (AT_ONCE, AT_ONCE + 1, AT_ONCE + 3)
    for number in gone:
        tasks[number].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert crowd.order == [str(number) for number in range(AT_ONCE + 5) if number not in gone]
