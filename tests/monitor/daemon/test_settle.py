"""Settling: written before anybody is told; told all the same when it can't be written; in order, always."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from monitor.model.fact import FlagChanged, PageDecided, ProbeChanged, Step
from monitor.model.record import ChainHead, Commit, FlagDocument, FlagLedger, LoadedPlatform
from monitor.model.state import FlagHead, PlatformState
from monitor.model.verdict import FlagState, Phase
from monitor.rules.flag_document import RENEW_EVERY
from monitor.settle import Chain, Settled, Settler, SettlerContext
from monitor.storegate import StoreGate
from tests.support.clock import START, ManualClock
from tests.support.memory_store import GENESIS, MemoryStore
from tests.support.pages import page
from tests.support.waiting import until

PLATFORM = "payments"
LONG = timedelta(seconds=10)
STANDBY, READY = FlagHead(change=0), FlagHead(FlagState.READY, START, 1)


def seal(state: PlatformState, ledger: FlagLedger, now: datetime, *, is_change: bool) -> FlagDocument:
    """Sign nothing, but count as the real one does."""
    ver = ledger.ver + 1
    return FlagDocument(
        platform=state.platform,
        ver=ver,
        change=state.flag.change,
        state=state.flag.state,
        issued_at=now,
        expires_at=now + timedelta(minutes=5),
        jws=f"document-{ver}",
        sha256=f"{ver:064x}",
        is_change=is_change,
        prev=ledger.change_sha256 if is_change else ledger.prev_sha256,
    )


def step(number: int = 0, *, flag: bool = True) -> Step:
    """Return what an event led to: a page, and a changed flag where asked for."""
    facts = (PageDecided(page(number=number)), *((FlagChanged(STANDBY, READY, "an outage"),) if flag else ()))
    return Step(PlatformState(PLATFORM, flag=READY), facts, (), None)


class Scene:
    """A settler on a store in memory, and what it told."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.clock = ManualClock()
        self.told: list[Settled] = []
        self.gate_says: list[bool] = []
        self.gate = StoreGate(lambda is_open, _: self.gate_says.append(is_open), retry_seconds=0.001)
        context = SettlerContext(
            self.store, self.gate, Chain(ChainHead(0, GENESIS)), self.clock, lambda _: ("ops",), (self._told,)
        )
        loaded = LoadedPlatform(PlatformState(PLATFORM), 0, FlagLedger())
        self.settler = Settler(loaded, seal, context)
        self.tasks: list[asyncio.Task[None]] = []

    def _told(self, settled: Settled) -> None:
        self.told.append(settled)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run settler and gate until the block ends."""
        await self.store.open()
        self.tasks = [asyncio.create_task(self.settler.run()), asyncio.create_task(self.gate.watch())]
        try:
            yield
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Cancel what runs."""
        for task in self.tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_it_is_written_before_anybody_is_told() -> None:
    """While the commit is under way nobody knows of it; afterwards flag, page and audit are there together."""
    scene = Scene()
    async with scene.running():
        hold = scene.store.hold("commit", moment="after")
        scene.settler.put(step())
        await hold.reached.wait()
        assert scene.told == []
        scene.store.heal("commit")
        await until(lambda: scene.told)
    settled = scene.told[0]
    assert settled.is_recorded
    assert settled.document in scene.store.disk.flags
    assert settled.pages[0].page.id in scene.store.disk.pages
    assert {entry.kind for entry in scene.store.disk.audit} >= {"page", "flag", "flag_signed"}


async def test_a_flag_is_signed_only_when_it_changed() -> None:
    """A page alone needs no new document."""
    scene = Scene()
    async with scene.running():
        scene.settler.put(step(flag=False))
        await until(lambda: scene.told)
    assert scene.told[0].document is None


async def test_a_store_that_fails_stops_nobody_from_being_told() -> None:
    """Flag and page go out, the page marked unrecorded, and the gate says once that it closed."""
    scene = Scene()
    async with scene.running():
        scene.store.fail("commit")
        for number in range(3):
            scene.settler.put(step(number))
        await until(lambda: len(scene.told) == 3)
    assert [settled.is_recorded for settled in scene.told] == [False] * 3
    assert all(settled.pages[0].page.unrecorded for settled in scene.told)
    assert [settled.document.ver for settled in scene.told if settled.document] == [1, 2, 3]
    assert scene.gate_says == [False]


async def test_what_was_not_written_is_written_in_order_once_it_can_be() -> None:
    """Nothing that was kept is lost, and what comes after waits its turn."""
    scene = Scene()
    async with scene.running():
        scene.store.fail("commit")
        scene.settler.put(step(0))
        scene.settler.put(step(1))
        await until(lambda: len(scene.told) == 2)
        scene.store.heal("commit")
        await until(lambda: scene.gate_says == [False, True])
        scene.settler.put(step(2))
        await until(lambda: len(scene.told) == 3)
    assert scene.told[2].is_recorded
    assert [document.ver for document in scene.store.disk.flags] == [1, 2, 3]
    assert len(scene.store.disk.pages) == 3
    assert scene.store.disk.platforms[PLATFORM].revision == 3


async def test_a_hanging_store_holds_up_no_other_write_twice() -> None:
    """While the gate is closed nothing waits for the store: findings are told at once."""
    scene = Scene()
    async with scene.running():
        scene.store.fail("commit")
        scene.settler.put(step(0))
        await until(lambda: scene.gate_says == [False])
        commits = scene.store.calls.count("commit")
        scene.settler.put(step(1))
        scene.settler.put(step(2))
        await until(lambda: len(scene.told) == 3)
        # Only the gate asks again, and only for the oldest.
        assert commits >= 1
        assert not scene.store.disk.flags


async def test_a_fault_of_one_listener_keeps_nobody_else_from_being_told() -> None:
    """Publishing must not depend on whether a metric could be counted."""
    scene = Scene()

    def broken(_: Settled) -> None:
        raise RuntimeError("a listener's bug")

    context = SettlerContext(
        scene.store, scene.gate, Chain(ChainHead(0, GENESIS)), scene.clock, lambda _: (), (broken, scene._told)
    )
    settler = Settler(LoadedPlatform(PlatformState(PLATFORM), 0, FlagLedger()), seal, context)
    await scene.store.open()
    settler.put(step())
    await settler.finish(LONG)
    assert len(scene.told) == 1


async def test_the_flag_is_renewed_every_minute() -> None:
    """Renewals reserve their version, are no change, and come once a minute however often somebody asks."""
    scene = Scene()
    state = PlatformState(PLATFORM)
    async with scene.running():
        for _ in range(3):
            scene.settler.renew_if_due(state, scene.clock.now())
        await until(lambda: len(scene.told) == 1)
        scene.clock.advance(RENEW_EVERY)
        scene.settler.renew_if_due(state, scene.clock.now())
        await until(lambda: len(scene.told) == 2)
    assert [settled.document.is_change for settled in scene.told if settled.document] == [False, False]
    assert scene.store.calls.count("reserve") == 2


async def test_a_renewal_goes_out_when_its_version_cannot_be_reserved() -> None:
    """A full disk must not let the flag expire."""
    scene = Scene()
    async with scene.running():
        scene.store.fail("reserve")
        scene.settler.renew_if_due(PlatformState(PLATFORM), scene.clock.now())
        await until(lambda: scene.told)
    assert scene.told[0].document is not None
    assert not scene.told[0].is_recorded


async def test_a_clock_set_back_renews_at_once() -> None:
    """A signature from the future would be refused by readers until their clocks caught up."""
    scene = Scene()
    async with scene.running():
        scene.settler.renew_if_due(PlatformState(PLATFORM), scene.clock.now())
        await until(lambda: len(scene.told) == 1)
        scene.settler.renew_if_due(PlatformState(PLATFORM), scene.clock.advance(timedelta(hours=-1)))
        await until(lambda: len(scene.told) == 2)


async def test_changed_probes_are_named_in_the_commit() -> None:
    """Only the rows of probes that changed are written."""
    scene = Scene()
    found = Step(
        PlatformState(PLATFORM),
        (ProbeChanged("portal", Phase.GOOD, Phase.BAD, START, "three bad"),),
        (),
        None,
    )
    async with scene.running():
        scene.settler.put(found)
        await until(lambda: scene.told)
    assert scene.told[0].is_recorded


async def test_what_is_being_written_when_it_is_stopped_is_told_once_written() -> None:
    """A stop in the middle of a commit loses nothing: finishing waits for that very commit, then tells."""
    scene = Scene()
    async with scene.running():
        hold = scene.store.hold("commit", moment="after")
        scene.settler.put(step(0))
        scene.settler.put(step(1))
        await hold.reached.wait()
        await scene.stop()
        assert scene.told == []
        assert not scene.settler.is_settled
        finishing = asyncio.create_task(scene.settler.finish(LONG))
        scene.store.heal("commit")
        await finishing
    assert [settled.is_recorded for settled in scene.told] == [True, True]
    assert [document.ver for document in scene.store.disk.flags] == [1, 2]
    assert scene.gate_says == []
    assert scene.store.calls.count("commit") == 2
    assert scene.settler.is_settled


async def test_a_store_that_hangs_at_the_end_does_not_keep_people_from_being_told() -> None:
    """What can't be written within the time for stopping is told unrecorded, all of it."""
    scene = Scene()
    async with scene.running():
        hold = scene.store.hold("commit")
        for number in range(3):
            scene.settler.put(step(number))
        await hold.reached.wait()
        await scene.stop()
        await scene.settler.finish(timedelta(milliseconds=20))
        assert [settled.pages[0].page.unrecorded for settled in scene.told] == [True] * 3
        assert [settled.document.ver for settled in scene.told if settled.document] == [1, 2, 3]
        scene.store.heal("commit")
        await until(lambda: scene.store.disk.flags)


async def test_what_was_kept_is_tried_once_more_at_the_end() -> None:
    """A disk that was full a second ago may have room now: stopping doesn't leave the commit behind."""
    scene = Scene()
    async with scene.running():
        scene.store.fail("commit", times=1)
        scene.settler.put(step())
        await until(lambda: scene.told)
        await scene.stop()
        await scene.settler.finish(LONG)
    assert len(scene.store.disk.flags) == 1
    assert len(scene.told) == 1


async def test_a_finding_that_comes_while_the_gate_writes_is_written_before_it_opens() -> None:
    """What is kept while another owner's things are being written is nobody's once the gate is open: so it waits."""
    scene = Scene()
    entered, released = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        entered.set()
        await released.wait()

    scene.gate.register(slow)
    async with scene.running():
        scene.store.fail("commit", times=1)
        scene.settler.put(step(0))
        await entered.wait()
        scene.settler.put(step(1))
        await until(lambda: len(scene.told) == 2)
        released.set()
        await until(lambda: scene.gate_says == [False, True])
        assert len(scene.store.disk.flags) == 2
        assert scene.settler.is_settled


async def test_a_bug_in_writing_keeps_nobody_from_being_told() -> None:
    """An error that no store should raise closes the gate like any other: the page goes out, nothing ends."""

    class Broken(MemoryStore):
        async def commit(self, commit: Commit) -> ChainHead:
            raise ZeroDivisionError

    scene = Scene(Broken())
    async with scene.running():
        scene.settler.put(step())
        await until(lambda: scene.told)
        assert not scene.told[0].is_recorded
        assert scene.gate_says == [False]
        assert not any(task.done() for task in scene.tasks)


async def test_an_answer_that_was_overtaken_moves_no_chain_back() -> None:
    """The log's end that a flag bears witness to never goes back."""
    chain = Chain(ChainHead(3, "c" * 64))
    chain.move(ChainHead(2, "b" * 64))
    assert chain.head.seq == 3
    chain.move(ChainHead(4, "d" * 64))
    assert chain.head.seq == 4


async def test_a_flag_that_changed_is_not_renewed_before_its_change_is_settled() -> None:
    """A renewal asked for meanwhile never signs what the change signs, and is dropped when the change did."""
    scene = Scene()
    async with scene.running():
        scene.settler.put(step(flag=True))
        scene.settler.renew_if_due(PlatformState(PLATFORM, flag=READY), scene.clock.now())
        await until(lambda: scene.settler.is_settled)
    documents = [settled.document for settled in scene.told if settled.document]
    assert [(document.change, document.is_change) for document in documents] == [(1, True)]
