"""Whatever channels, stores and kills do, in whatever order: every page arrives, in order, at least once."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.page import Page, PageStatus
from monitor.model.record import DeliveryState
from tests.support.channels import REFUSED, TEMPORARY, Act, Hang, Late, ScriptedChannel, limited
from tests.support.memory_store import Disk
from tests.support.pages import page, routed
from tests.support.paging import MILLISECOND, QUICK, PagingLife
from tests.support.waiting import until

CHANNELS = ("phone", "chat")
# No page is given up here: what is refused for good may be lost, and is counted (test_outbox.py).
PACE = replace(
    QUICK,
    retry=replace(QUICK.retry, refusals_until_given_up=1000, refusals_until_outdated=1000),
    longest_send=10 * MILLISECOND,
    intent_patience=5 * MILLISECOND,
    concurrency=2,
)


@dataclass(frozen=True)
class Decide:
    """A page about one of three problems is decided: firing and resolved take turns."""

    key: str


@dataclass(frozen=True)
class Turns:
    """The loop gets so many turns."""

    count: int


@dataclass(frozen=True)
class Kill:
    """The process is killed and started again."""


@dataclass(frozen=True)
class StoreFails:
    """Progress can't be written from now on; `after`: it is written, but the answer is lost."""

    after: bool


@dataclass(frozen=True)
class StoreHeals:
    """Progress can be written again, and the gate finds out."""


acts = st.sampled_from([None, None, TEMPORARY, REFUSED, limited(0.002), Hang(), Late(), ValueError("a bug")])
steps = st.lists(
    st.one_of(
        st.builds(Decide, st.sampled_from(["a", "b", "c"])),
        st.builds(Decide, st.sampled_from(["a", "b", "c"])),
        st.builds(Turns, st.integers(0, 30)),
        st.just(Kill()),
        st.builds(StoreFails, st.booleans()),
        st.just(StoreHeals()),
    ),
    max_size=25,
)


class World:
    """Disk and channels, which live on, and the process of the moment."""

    def __init__(self, scripts: list[list[Act]]) -> None:
        self.channels = {name: ScriptedChannel() for name in CHANNELS}
        for channel, script in zip(self.channels.values(), scripts, strict=True):
            channel.script.extend(script)
        self.disk = Disk()
        self.decided: dict[str, list[Page]] = defaultdict(list)
        self.life = PagingLife(self.channels, self.disk, pace=PACE)

    async def do(self, step: object) -> None:
        """Take one step."""
        match step:
            case Decide():
                await self._decide(step.key)
            case Turns():
                for _ in range(step.count):
                    await asyncio.sleep(0)
            case Kill():
                await self.restart()
            case StoreFails():
                (self.life.store.fail_after if step.after else self.life.store.fail)("delivery")
            case StoreHeals():
                self.life.store.heal()
                if not self.life.gate.is_open:
                    await self.life.open_gate()

    async def restart(self) -> None:
        """Kill the process and start the next one."""
        await self.life.kill()
        self.life = PagingLife(self.channels, self.disk, pace=PACE)
        await self.life.start()

    async def settle(self) -> None:
        """Let everything that is still wrong be over, and wait until nothing is pending."""
        await self.do(StoreHeals())
        for channel in self.channels.values():
            channel.script.clear()
        await until(lambda: self.life.outbox.pending == 0, within=20)
        await self.life.outbox.stop(timedelta(seconds=5))

    async def _decide(self, key: str) -> None:
        pages = self.decided[key]
        status = (PageStatus.FIRING, PageStatus.RESOLVED)[len(pages) % 2]
        pages.append(page(key, status, number=len(pages)))
        await self.life.decide(routed(pages[-1], *CHANNELS))


def firsts(taken: list[Page], key: str) -> list[Page]:
    """Return the pages of a key in the order in which each was first taken."""
    return list(dict.fromkeys(one for one in taken if one.dedup_key == key))


@settings(max_examples=80, deadline=None)
@given(steps=steps, scripts=st.lists(st.lists(acts, max_size=12), min_size=2, max_size=2))
def test_every_page_arrives_in_order_at_least_once(steps: list[object], scripts: list[list[Act]]) -> None:
    """Each channel got every page; per key first in order; the last word is the latest page; the disk knows it all."""

    async def live() -> World:
        world = World(scripts)
        await world.life.start()
        for step in steps:
            await world.do(step)
        await world.settle()
        return world

    world = asyncio.run(live())

    for channel in world.channels.values():
        for key, pages in world.decided.items():
            assert firsts(channel.taken, key) == pages
            assert [one for one in channel.taken if one.dedup_key == key][-1] == pages[-1]
    assert {delivery.state for delivery in world.disk.deliveries.values()} <= {DeliveryState.SENT}


@settings(max_examples=30, deadline=None)
@given(steps=steps, scripts=st.lists(st.lists(acts, max_size=12), min_size=2, max_size=2))
def test_duplicates_are_bounded(steps: list[object], scripts: list[list[Act]]) -> None:
    """A page is repeated only where a kill, a lost answer or a cut-off try left it unknown whether it got through."""

    async def live() -> World:
        world = World(scripts)
        await world.life.start()
        for step in steps:
            await world.do(step)
        await world.settle()
        return world

    world = asyncio.run(live())

    kills = sum(isinstance(step, Kill) for step in steps)
    for channel, script in zip(world.channels.values(), scripts, strict=True):
        lost = sum(isinstance(act, Late) for act in script)
        for pages in world.decided.values():
            for one in pages:
                assert channel.taken.count(one) <= 1 + kills + lost
