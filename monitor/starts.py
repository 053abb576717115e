"""Lets attempts begin one after another, each time the loop comes round.

A loop that is free comes round at once, and nobody waits. One that has more to do than it can comes round late, and
then attempts begin as seldom: what is under way goes on before anything new is begun. Without that a crowd that is due
at once would all be begun at once, each would take as long as all of them, and a busy machine would look like slow
servers. So too much to do costs punctuality (`jit_monitor_probe_lag_seconds`), never the truth of what is measured.

An attempt that only waits for its server takes no turn from anybody, however long it waits.
"""

import asyncio
from collections import deque


class Starts:
    """Hands out turns to begin. Bound to the loop it is used in."""

    def __init__(self) -> None:
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._is_taken = False  # somebody began since the loop last came round

    async def turn(self, *, is_urgent: bool) -> None:
        """Wait for the turn to begin; the urgent go first, otherwise in the order they came."""
        loop = asyncio.get_running_loop()
        if not self._is_taken:
            self._is_taken = True
            loop.call_soon(self._next)
            return
        mine = loop.create_future()
        (self._urgent if is_urgent else self._others).append(mine)
        await mine

    def _next(self) -> None:
        """The loop has come round: give the turn to the next, if there is one."""
        for waiting in (self._urgent, self._others):
            while waiting:
                turn = waiting.popleft()
                if not turn.done():  # who waited may be gone
                    turn.set_result(None)
                    asyncio.get_running_loop().call_soon(self._next)
                    return
        self._is_taken = False
