"""What is noted reaches the audit: in order, once, however the store behaves; what can't is logged whole."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from monitor.auditor import Auditor
from monitor.errors import StoreUnavailable
from monitor.model.record import AuditEntry, ChainHead
from monitor.settle import Chain
from monitor.storegate import StoreGate
from tests.support.clock import START
from tests.support.memory_store import GENESIS, MemoryStore
from tests.support.siege import stopped
from tests.support.waiting import until

SHORT = timedelta(seconds=0.2)


def entry(number: int) -> AuditEntry:
    """Return a refused write."""
    return AuditEntry("write_refused", "nobody", {"number": number}, START + timedelta(seconds=number))


@dataclass
class Desk:
    """An auditor over a store that a test may break."""

    store: MemoryStore
    gate: StoreGate
    chain: Chain
    auditor: Auditor

    def written(self) -> list[object]:
        """Return the numbers of the entries that are in the store."""
        return [each.body["number"] for each in self.store.disk.audit]


@asynccontextmanager
async def running(most_kept: int = 2_000) -> AsyncIterator[Desk]:
    """Run an auditor beside its gate."""
    store = MemoryStore()
    chain = Chain(ChainHead(0, GENESIS))
    gate = StoreGate(lambda _is_open, _why: None, retry_seconds=0.01)
    desk = Desk(store, gate, chain, Auditor(store, gate, chain, most_kept))
    tasks = [asyncio.create_task(desk.auditor.run()), asyncio.create_task(gate.watch())]
    try:
        async with asyncio.timeout(20):
            yield desk
    finally:
        await stopped(tasks)


async def test_what_is_noted_is_written_in_order() -> None:
    """And the flag's documents learn where the chain ends."""
    async with running() as desk:
        for number in range(250):
            desk.auditor.note(entry(number), "payments")
        await until(lambda: len(desk.written()) == 250)
        await until(lambda: desk.chain.head == desk.store.disk.chain)
    assert desk.written() == list(range(250))


async def test_while_the_store_fails_everything_is_kept() -> None:
    """It is written after, in order, with what came meanwhile."""
    async with running() as desk:
        desk.store.fail("note")
        desk.auditor.note(entry(1))
        await until(lambda: not desk.gate.is_open)
        desk.auditor.note(entry(2))
        desk.auditor.note(entry(3))
        desk.store.heal()
        await until(lambda: desk.gate.is_open)
    assert desk.written() == [1, 2, 3]
    assert desk.auditor.dropped == 0


async def test_a_lost_answer_writes_nothing_twice() -> None:
    """The same entries are given again, as they were."""
    async with running() as desk:
        desk.store.fail_after("note", times=1)
        desk.auditor.note(entry(1))
        await until(lambda: not desk.gate.is_open)
        desk.auditor.note(entry(2))
        await until(lambda: desk.gate.is_open)
    assert desk.written() == [1, 2]


async def test_past_the_bound_entries_go_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Counted, and logged whole: the log is then the only place where they stand."""
    async with running(most_kept=3) as desk:
        desk.store.fail("note")
        desk.auditor.note(entry(0))
        await until(lambda: not desk.gate.is_open)
        for number in range(1, 6):
            desk.auditor.note(entry(number))
        desk.store.heal()
        await until(lambda: desk.gate.is_open)
    assert desk.written() == [0, 1, 2]
    assert desk.auditor.dropped == 3
    told = [record.fields["body"] for record in caplog.records if record.message == "audit_entry_dropped"]  # type: ignore[attr-defined]  # our own field
    assert told == [{"number": 3}, {"number": 4}, {"number": 5}]


async def test_one_entry_that_is_our_mistake_does_not_hold_up_the_others(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the next one is written."""
    async with running() as desk:
        desk.auditor.note(AuditEntry("write_refused", "nobody", {"number": object()}, START))
        await until(lambda: desk.auditor.dropped == 1)
        desk.auditor.note(entry(2))
        await until(lambda: desk.written() == [2])
    assert "audit_fault" in {record.message for record in caplog.records}


async def test_the_end_writes_what_is_left() -> None:
    """Also what was under way when it was stopped."""
    async with running() as desk:
        hold = desk.store.hold("note")
        desk.auditor.note(entry(1))
        await hold.reached.wait()
        desk.auditor.note(entry(2))
    desk.store.heal()
    await desk.auditor.finish(timedelta(seconds=5))
    assert desk.written() == [1, 2]


@pytest.mark.parametrize("is_hanging", [False, True], ids=["failing", "hanging"])
async def test_what_could_never_be_written_is_logged(caplog: pytest.LogCaptureFixture, *, is_hanging: bool) -> None:
    """Within the time there is for it."""
    caplog.set_level(logging.ERROR)
    async with running() as desk:
        if is_hanging:
            desk.store.hold("note")
        else:
            desk.store.fail("note", error=StoreUnavailable("the disk is full"))
        desk.auditor.note(entry(1))
        desk.auditor.note(entry(2))
    await desk.auditor.finish(SHORT)
    told = [record.fields["body"] for record in caplog.records if record.message == "audit_entry_unwritten"]  # type: ignore[attr-defined]  # our own field
    assert told == [{"number": 1}, {"number": 2}]
    desk.store.heal()
