"""Turns: so many at once may do something, and what is urgent goes before what isn't, each in the order it came."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

Turn = asyncio.Future[None]


class Turns:
    """Hands out `at_once` turns. Bound to the loop it is used in."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._urgent: deque[Turn] = deque()
        self._others: deque[Turn] = deque()

    @asynccontextmanager
    async def taken(self, turn: Turn, *, is_urgent: bool) -> AsyncIterator[None]:
        """Wait for a turn, and have it for the length of the block. `turn`: a new future, to be urged by."""
        await self._take(turn, is_urgent=is_urgent)
        try:
            yield
        finally:
            self._give()

    def urge(self, turn: Turn) -> None:
        """Let one that waits go before all that aren't urgent. Does nothing if it doesn't wait."""
        if turn in self._others:
            self._others.remove(turn)
            self._urgent.append(turn)

    async def _take(self, turn: Turn, *, is_urgent: bool) -> None:
        if self._free > 0:
            self._free -= 1
            return
        (self._urgent if is_urgent else self._others).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was given a turn in the same instant, and can't use it
                self._give()
            raise

    def _give(self) -> None:
        for waiting in (self._urgent, self._others):
            while waiting:
                turn = waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1
