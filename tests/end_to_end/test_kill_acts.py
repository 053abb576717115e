"""Killed again and again while people act on its flag, the monitor loses no act, does none twice, and tells of all.

20 SIGKILLs of the real daemon in an outage, at instants drawn from a seed that a failure names: while it starts, while
an act is under way, when its answer was lost, as a page goes, as the flag changes. Set GLASSWATCH_KILL_SEED to draw the
same again.
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.aftermath import wrong_audit, wrong_flags, wrong_pages
from tests.support.deeds import PERSONS, Deeds
from tests.support.monitors import Home, MonitorProcess, Wanted, make_home, monitor_in
from tests.support.persons import tokens
from tests.support.receiver import Receiver
from tests.support.siege import Siege, Truth, besieged
from tests.support.waiting import until

KILLS = 9
CALM_WITHIN = 60.0


@dataclass
class Scene:
    """A siege, its monitor, and the persons who act."""

    siege: Siege
    monitor: MonitorProcess
    deeds: Deeds

    @property
    def home(self) -> Home:
        """Where all of it is."""
        return self.siege.home

    @property
    def is_unrecorded(self) -> bool:
        """Whether this machine's disk took seconds for a write: what a kill then lost is rightly not there."""
        return any(page.json()["unrecorded"] for page in self.siege.pages.received)

    async def begin(self) -> None:
        """Have an outage found, so that there is something to hold closed."""
        await self.monitor.start()
        await self.monitor.verdict_is("up")
        self.siege.truth.turn(good=False)
        await self.monitor.verdict_is("down")
        await self.monitor.end(signal.SIGKILL)
        self.siege.pages_get_lost()

    async def strike(self) -> str:
        """Start the monitor, act, kill it at some instant; return which, or what was wrong before it."""
        chance = self.siege.chance
        await self.monitor.launch()
        rare = [self.while_starting, self.as_a_page_goes, self.as_the_flag_changes]
        instant = chance.choice([*rare, *[self.as_somebody_acts, self.when_the_answer_was_lost] * 2])
        acting = await instant()
        await asyncio.sleep(chance.choice([0, 0.002, 0.005, 0.01, 0.02, 0.05]))
        os.kill(self.monitor.pid, signal.SIGKILL)
        assert await self.monitor.ended() == -signal.SIGKILL, self.monitor.said
        if acting is not None:
            await acting
        return instant.__name__

    async def while_starting(self) -> Awaitable[None] | None:
        """Wait for no more than a start takes."""
        await asyncio.sleep(self.siege.chance.uniform(0.2, 1.0))
        return None

    async def as_somebody_acts(self) -> Awaitable[None] | None:
        """Have an act be under way."""
        await self._acts()
        return asyncio.create_task(self.deeds.do(self.deeds.any()))

    async def as_a_page_goes(self) -> Awaitable[None] | None:
        """Have an act be under way, or just answered, as a page arrives."""
        await self._acts()
        known = len(self.siege.pages.received)
        acting = asyncio.create_task(self.deeds.do(self.deeds.any()))
        await _at_most(1.0, lambda: len(self.siege.pages.received) > known)
        return acting

    async def as_the_flag_changes(self) -> Awaitable[None] | None:
        """Have an act be under way as the flag on the disk changes, if it does."""
        await self._acts()
        self.siege.witness.changed.clear()
        acting = asyncio.create_task(self.deeds.do(self.deeds.any()))
        await _at_most(1.0, self.siege.witness.changed.is_set)
        return acting

    async def when_the_answer_was_lost(self) -> Awaitable[None] | None:
        """Have an act be done, and nobody know."""
        await self._acts()
        await self.deeds.do(self.deeds.any(), is_heard=False)
        return None

    async def _acts(self) -> None:
        await self.monitor.says("monitor_started", 60)
        await self.deeds.settle()
        if not self.is_unrecorded:
            self.deeds.wrong += await self.deeds.wrong_now()
        for _ in range(self.siege.chance.randint(0, 4)):
            await self.deeds.do(self.deeds.any())
            await self.deeds.settle()

    async def survive(self) -> None:
        """Let it run in peace until everything is told, and end by itself."""
        await self.monitor.start()
        await self.deeds.settle()
        if not self.is_unrecorded:
            self.deeds.wrong += await self.deeds.wrong_now()
        self.siege.calm()
        await self.monitor.verdict_is("up", CALM_WITHIN)
        said = "SELECT count(*) AS n FROM deliveries WHERE state <> 'sent'"
        await until(lambda: self.home.rows(said)[0]["n"] == 0, CALM_WITHIN, every=0.1)
        assert await self.monitor.end() == 0, self.monitor.said


@pytest.mark.timeout(600)  # 30 s; but each start alone takes several where many tests share a processor
@pytest.mark.parametrize("persons", [1, 2])
async def test_no_act_is_lost_or_done_twice_however_often_it_is_killed(tmp_path: Path, persons: int) -> None:
    """What was answered holds after each kill; in the end audit, pages and flags know of every act, once."""
    seed = int(os.environ.get("GLASSWATCH_KILL_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    kills: list[str] = []
    async with _scene(tmp_path / "home", seed, persons) as scene:
        await scene.begin()
        while len(kills) < KILLS:
            kills.append(await scene.strike())
        await scene.survive()
        wrong = [*scene.siege.witness.wrong, *await wrong_audit(scene.home)]
        if not scene.is_unrecorded:
            decided = scene.home.rows("SELECT * FROM pages ORDER BY id")
            wrong += [
                *scene.deeds.wrong,
                *scene.deeds.wrong_audit(scene.home),
                *wrong_pages(scene.siege.pages, decided),
            ]
            wrong += scene.deeds.wrong_pages(scene.siege.pages)
            wrong += wrong_flags(scene.siege.witness, scene.home, KILLS + 1)
        told = f"GLASSWATCH_KILL_SEED={seed}, kills {kills}, done {scene.deeds.done}\n"
        assert not wrong, told + "\n".join(wrong) + f"\n{scene.monitor.log}"
        assert scene.deeds.done, told
        assert "Traceback" not in scene.monitor.log, told + scene.monitor.log


@asynccontextmanager
async def _scene(root: Path, seed: int, persons: int) -> AsyncIterator[Scene]:
    truth, pages = Truth(), Receiver()
    try:
        await truth.target.start()
        await pages.start()
        flag = {"lower_after": "1s", "manual_persons": str(persons)}
        url = f"{truth.target.url}/health"
        home = make_home(root, Wanted(url, every="200ms", receiver=pages.url, flag=flag, more=tokens(*PERSONS)))
        async with besieged(home, truth, pages, seed) as siege, monitor_in(home) as monitor:
            yield Scene(siege, monitor, Deeds(monitor, siege.chance))
    finally:
        for server in (truth.target, pages):
            await server.stop()


async def _at_most(seconds: float, condition: Callable[[], object]) -> None:
    with suppress(TimeoutError):
        await until(condition, seconds)
