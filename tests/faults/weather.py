"""Carries a plan of random faults out on a stage."""

import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing

from tests.faults.places import limited, without_descriptors
from tests.faults.plan import OF_THE_PROCESS, Blow, Fault, Step
from tests.faults.stage import Stage
from tests.support.receiver import Answer, Behaviour, Close, Hang, Reset

FULL_BYTES = 64 * 1024  # flag and status page are smaller, SQLite's log is larger from the start
HOWS: tuple[Behaviour, ...] = (Answer(503), Answer(500), Hang(), Reset(), Close())
FAILURES: tuple[Behaviour, ...] = (Answer(500), Answer(429), Hang(), Reset(), Close())


class Weather:
    """One plan, carried out step by step."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._ends: dict[Fault, AsyncExitStack] = {}
        self._faults: Mapping[Fault, Callable[[], AsyncIterator[None]]] = {
            Fault.PLATFORM: self._platform,
            Fault.CONTROLS: self._controls,
            Fault.PROVIDER: self._provider,
            Fault.DISK: self._disk,
            Fault.LOCK: self._lock,
            Fault.DESCRIPTORS: self._descriptors,
        }

    async def step(self, step: Step) -> None:
        """Do one step."""
        if isinstance(step.what, Blow):
            await self._blow(step.what)
        elif step.mends:
            await self._ends.pop(step.what).aclose()
        else:
            stack = self._ends[step.what] = AsyncExitStack()
            await stack.enter_async_context(asynccontextmanager(self._faults[step.what])())
        await asyncio.sleep(step.pause)

    async def _blow(self, blow: Blow) -> None:
        if blow is Blow.FREEZE:
            await self._stage.freezes(self._stage.chance.uniform(0.2, 2.5))
            return
        await (self._stage.is_killed() if blow is Blow.KILL else self._stage.ends())
        for fault in OF_THE_PROCESS & self._ends.keys():
            await self._ends.pop(fault).aclose()
        await self._stage.starts()

    async def _platform(self) -> AsyncIterator[None]:
        self._stage.breaks(self._stage.chance.choice(HOWS))
        yield
        self._stage.truth.turn(good=True)

    async def _controls(self) -> AsyncIterator[None]:
        self._stage.controls.turn(silent=True)
        yield
        self._stage.controls.turn(silent=False)

    async def _provider(self) -> AsyncIterator[None]:
        provider = self._stage.providers["ops"]
        provider.default = self._stage.chance.choice(FAILURES)
        yield
        provider.default = Answer()

    async def _disk(self) -> AsyncIterator[None]:
        with limited(self._stage.monitor.pid, resource.RLIMIT_FSIZE, FULL_BYTES):
            yield

    async def _lock(self) -> AsyncIterator[None]:
        with closing(sqlite3.connect(self._stage.home.store, isolation_level=None, timeout=20)) as other:
            other.execute("BEGIN EXCLUSIVE")
            yield
            other.execute("ROLLBACK")

    async def _descriptors(self) -> AsyncIterator[None]:
        pid = self._stage.monitor.pid
        with self._stage.hindered("it has no descriptors left"), without_descriptors(pid):
            yield
