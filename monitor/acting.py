"""Takes people's acts on flags to the platforms' keepers, and answers when what they led to was settled.

1. An act is judged in its platform's order of events, at once; the answer waits until it is written and signed.
2. It waits for 4 s at most. What can't be written in time takes effect all the same, and is said to be unrecorded.
3. A refused act, and one that was done before, has nothing to wait for.
4. Who asked and went away changes nothing: what was decided is settled.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

from monitor.keeper import Keeper
from monitor.model.act import Act, Acted, Hand
from monitor.model.event import PersonActed
from monitor.model.state import PlatformState
from monitor.settle import Settled

PATIENCE_SECONDS: Final = 4.0  # below what our commands wait for an answer


class _Wait(NamedTuple):
    """Who waits for a step to be settled; the state is the step's, kept so that nothing else can be taken for it."""

    state: PlatformState
    recorded: asyncio.Future[bool]


class Acting:
    """Acts on the flags of all platforms. `settled` is to be told of everything that was settled."""

    def __init__(self, keepers: Mapping[str, Keeper], patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._keepers = keepers
        self._patience_seconds = patience_seconds
        self._waits: dict[int, _Wait] = {}

    async def act(self, platform: str, act: Act, hand: Hand) -> Acted:
        """Have a person act on a platform's flag.

        Raises:
            KeyError: no such platform is watched.
        """
        keeper = self._keepers[platform]
        step = keeper.hear(PersonActed(act, hand))
        ruling = step.ruling
        if ruling is None:
            raise AssertionError("the rules answer every act")
        if ruling.is_refused or not step.facts:
            return Acted(ruling, is_recorded=keeper.is_settled)
        wait = _Wait(step.state, asyncio.get_running_loop().create_future())
        self._waits[id(step.state)] = wait
        try:
            async with asyncio.timeout(self._patience_seconds):
                return Acted(ruling, is_recorded=await wait.recorded)
        except TimeoutError:
            return Acted(ruling, is_recorded=False)
        finally:
            self._waits.pop(id(step.state), None)

    def settled(self, settled: Settled) -> None:
        """Answer who waits for this. A listener of every settler: returns at once, raises nothing."""
        wait = self._waits.get(id(settled.state))
        if wait is not None and not wait.recorded.done():
            wait.recorded.set_result(settled.is_recorded)
