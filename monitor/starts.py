"""Lets attempts begin a few at a time, each time the loop comes round.

A loop that is free comes round at once, and nobody waits. One that has more to do than it can comes round late, and
then attempts begin as seldom: what is under way goes on before anything new is begun. Without that a crowd that is due
at once would all be begun at once, each would take as long as all of them, and a busy machine would look like slow
servers. A few (`AT_ONCE`) begin together, because coming round has its price too. So too much to do costs punctuality
(`jit_monitor_probe_lag_seconds`), never the truth of what is measured.

An attempt that only waits for its server takes no turn from anybody, however long it waits.
"""

import asyncio
from collections import deque
from typing import Final

AT_ONCE: Final = 3


class Starts:
    """Hands out turns to begin. Bound to the loop it is used in."""

    def __init__(self) -> None:
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._begun = 0  # since the loop last came round

    async def turn(self, *, is_urgent: bool) -> None:
        """Wait for the turn to begin; the urgent go first, otherwise in the order they came."""
        loop = asyncio.get_running_loop()
        if not self._begun:
            loop.call_soon(self._come_round)
        if self._begun < AT_ONCE and not self._urgent and not self._others:
            self._begun += 1
            return
        mine = loop.create_future()
        (self._urgent if is_urgent else self._others).append(mine)
        await mine

    def _come_round(self) -> None:
        """Give turns to the next, if there are any."""
        self._begun = 0
        for waiting in (self._urgent, self._others):
            while waiting and self._begun < AT_ONCE:
                turn = waiting.popleft()
                if not turn.done():  # who waited may be gone
                    turn.set_result(None)
                    self._begun += 1
        if self._begun:
            asyncio.get_running_loop().call_soon(self._come_round)
