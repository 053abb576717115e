"""One exercise's own probes: they run like the platform's, are judged like them, and are heard by nobody else.

1. They begin with what is believed of the real ones, so that they are proven, and go on by the same rules, slots,
   timeouts, confirmations, calls and controls (`monitor.scheduler`, `monitor.rules.reduce`). All of it is in memory.
2. The one thing that comes of them is that the verdict became down, and the seconds that it took by a clock that is
   never set, from when all of them stood on the network that leads nowhere. Then they end: nothing more is to be found.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from glasswatch.clock import Clock
from monitor.exercises.stand_ins import BorrowedSight, Nowhere, context_of, probe_of
from monitor.model.event import Event, Ticked
from monitor.model.exercise import Sees
from monitor.model.policy import PlatformPolicy
from monitor.model.state import PlatformState
from monitor.model.verdict import Verdict
from monitor.rules import reduce
from monitor.rules.schedule import Grid
from monitor.scheduler import Bench, Budget, ProbeLoop, Sighted
from monitor.settings.platform import PlatformSettings
from platforms.transport.reach import Network

TICK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Ground:
    """What every shadow stands on."""

    network: Network
    sight: Sighted
    clock: Clock
    grid: Callable[[], Grid]
    platforms: Callable[[], Mapping[str, PlatformSettings]]
    """The settings in force."""


class ShadowKeeper:
    """`Kept` in memory alone. `found` is called at each event after which the platform counts as down."""

    def __init__(self, policy: PlatformPolicy, state: PlatformState, clock: Clock, found: Callable[[], None]) -> None:
        self._policy = policy
        self._state = state
        self._clock = clock
        self._found = found
        self.loops: dict[str, ProbeLoop] = {}

    @property
    def platform(self) -> str:
        """The platform's name."""
        return self._policy.platform

    @property
    def state(self) -> PlatformState:
        """What is held now."""
        return self._state

    def hear(self, event: Event) -> None:
        """Take in one event: decide, remember. Facts are nobody's business."""
        step = reduce.advance(self._state, self._policy, event, self._clock.now())
        self._state = step.state
        for probe in step.calls:
            self.loops[probe].call()
        if step.state.verdict is Verdict.DOWN:
            self._found()


class Shadow:
    """The probes of one exercise; `run` it once. `policy` and `state` are its own: see `monitor.rules.exercise`."""

    def __init__(self, sees: Sees, policy: PlatformPolicy, state: PlatformState, own: PlatformSettings) -> None:
        self._sees = sees
        self._policy = policy
        self._state = state
        self._settings = own

    async def run(self, ground: Ground, found: Callable[[float], object]) -> None:
        """Run the probes until their verdict is down; tell at once how many seconds that took, then end them."""
        is_found = asyncio.Event()
        keeper = ShadowKeeper(self._policy, self._state, ground.clock, is_found.set)
        await self._hire(keeper, ground)
        began = ground.clock.monotonic()
        async with asyncio.TaskGroup() as crew:
            tasks = [crew.create_task(loop.run()) for loop in keeper.loops.values()]
            tasks.append(crew.create_task(_tick(keeper)))
            await is_found.wait()
            found(ground.clock.monotonic() - began)
            for task in tasks:  # a journey that is cut off takes some seconds to end
                task.cancel()

    async def _hire(self, keeper: ShadowKeeper, ground: Ground) -> None:
        requests = Budget(self._settings.max_requests_per_minute, ground.clock)
        context = context_of(ground.network, self._sees, requests)
        bench = Bench(Nowhere(), BorrowedSight(ground.sight), Nowhere(), ground.clock, ground.grid())
        for name, policy in self._policy.probes.items():
            own = self._settings.probes[name]
            budget = requests if own.asks else Budget(None, ground.clock)
            loop = keeper.loops[name] = ProbeLoop(keeper, policy, probe_of(own, context), budget, bench)
            loop.go_on()
            await asyncio.sleep(0)  # one may take 20 ms, for its authorities: others have their turn


async def _tick(keeper: ShadowKeeper) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        keeper.hear(Ticked())
