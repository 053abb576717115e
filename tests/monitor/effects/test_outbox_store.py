"""A store that fails or hangs never keeps a page from being sent, and what it missed is written later."""

import asyncio
from dataclasses import replace

from monitor.errors import StoreConflict
from monitor.model.page import PageStatus
from monitor.model.record import DeliveryState
from tests.support.channels import REFUSED, TEMPORARY, ScriptedChannel
from tests.support.pages import page, routed
from tests.support.paging import MILLISECOND, QUICK, living
from tests.support.waiting import until


async def test_page_is_sent_though_progress_cannot_be_written() -> None:
    """The page goes out; the receipt is written as soon as the store takes it, before anything later."""
    channel = ScriptedChannel()
    firing, resolved = page("k"), page("k", PageStatus.RESOLVED)
    async with living({"ops": channel}) as life:
        life.store.fail("delivery")
        await life.decide(routed(firing), routed(resolved))
        await channel.wait_until(lambda channel: len(channel.taken) == 2)

        assert not life.gate.is_open
        assert life.state(firing) is life.state(resolved) is DeliveryState.PENDING

        life.store.heal()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(life.gate.watch())
            await until(lambda: life.gate.is_open)
            watching.cancel()

        assert life.state(firing) is life.state(resolved) is DeliveryState.SENT
        assert channel.taken == [firing, resolved]


async def test_store_that_answers_late_holds_a_page_up_only_briefly() -> None:
    """A page waits for its intent no longer than the outbox's patience."""
    channel = ScriptedChannel()
    one = page()
    async with living({"ops": channel}, pace=replace(QUICK, intent_patience=20 * MILLISECOND)) as life:
        life.store.hold("delivery")
        await life.decide(routed(one))
        await channel.wait_until(lambda channel: channel.taken == [one])
        assert life.gate.is_open

        life.store.heal()
        await until(lambda: life.state(one) is DeliveryState.SENT)


async def test_closed_gate_is_not_waited_for() -> None:
    """While the store is known not to take writes it isn't even asked."""
    channel = ScriptedChannel()
    async with living({"ops": channel}) as life:
        life.store.fail("delivery", "commit")
        life.hand_in_unrecorded(routed(page("a")))
        await until(lambda: len(channel.taken) == 1)
        asked = life.store.calls.count("delivery")
        for number in range(20):
            life.hand_in_unrecorded(routed(page(f"key {number}")))
        await until(lambda: len(channel.taken) == 21)

        assert asked == 1
        assert life.store.calls.count("delivery") == 1


async def test_unrecorded_page_is_marked_and_settled_once_its_commit_is_written() -> None:
    """A page the store never saw goes out as unrecorded; its receipt is written after the commit that records it."""
    channel = ScriptedChannel()
    one = page()
    async with living({"ops": channel}) as life:
        life.store.fail()
        life.hand_in_unrecorded(routed(one))
        await until(lambda: life.outbox.pending == 0)
        life.store.heal()
        await life.commit(routed(one))
        await life.open_gate()

        assert life.state(one) is DeliveryState.SENT
        assert [taken.unrecorded for taken in channel.taken] == [True]


async def test_progress_the_store_refuses_holds_up_no_other() -> None:
    """Progress that the store refuses for good is dropped, and the gate stays open for everybody else."""
    channel = ScriptedChannel()
    one = page("known")
    async with living({"ops": channel}) as life:
        life.store.fail("delivery", error=StoreConflict("not this one"), times=1)
        await life.decide(routed(page("refused")), routed(one))
        await until(lambda: life.state(one) is DeliveryState.SENT)

        assert life.gate.is_open
        assert len(channel.taken) == 2


async def test_unrecorded_page_is_recorded_by_its_progress() -> None:
    """A page handed in while its commit failed is on the disk once the store takes anything, before it got through."""
    channel = ScriptedChannel(default=TEMPORARY)
    one = page()
    async with living({"ops": channel}) as life:
        life.hand_in_unrecorded(routed(one))
        await until(lambda: life.disk.deliveries)

    channel.default = None
    async with living({"ops": channel}, life.disk):
        await channel.wait_until(lambda channel: len(channel.taken) == 1)

    assert (channel.taken[0].id, channel.taken[0].unrecorded) == (one.id, True)


async def test_lost_answer_of_the_store_is_written_again() -> None:
    """A write whose answer was lost is repeated, and changes nothing."""
    channel = ScriptedChannel()
    one = page()
    async with living({"ops": channel}) as life:
        life.store.fail_after("delivery", times=1)
        await life.decide(routed(one))
        await until(lambda: life.outbox.pending == 0)
        await life.open_gate()

        assert life.state(one) is DeliveryState.SENT
        assert channel.taken == [one]


async def test_only_the_latest_word_is_kept_while_the_store_is_away() -> None:
    """However often a page is tried meanwhile, it costs one write afterwards."""
    channel = ScriptedChannel()
    channel.script.extend([TEMPORARY, REFUSED] * 10)
    async with living({"ops": channel}) as life:
        life.store.fail("delivery")
        await life.decide(routed(page()))
        await until(lambda: life.outbox.pending == 0)
        life.store.heal()
        before = life.store.calls.count("delivery")
        await life.open_gate()

        assert life.store.calls.count("delivery") - before == 1


async def test_gate_opens_only_when_what_was_noted_meanwhile_is_written() -> None:
    """A receipt that comes after the outbox was asked to write, while another owner still writes, isn't forgotten."""
    channel = ScriptedChannel()
    early, late = page("early"), page("late")
    asked, may_end = asyncio.Event(), asyncio.Event()

    async def slow_owner() -> None:
        asked.set()
        await may_end.wait()

    async with living({"ops": channel}) as life, asyncio.TaskGroup() as group:
        life.gate.register(slow_owner)
        life.store.fail("delivery", times=1)
        watching = group.create_task(life.gate.watch())
        await life.decide(routed(early))
        await asked.wait()
        assert life.state(early) is DeliveryState.SENT
        await life.decide(routed(late))
        await until(lambda: life.outbox.pending == 0)
        assert life.state(late) is DeliveryState.PENDING

        may_end.set()
        await until(lambda: life.gate.is_open)
        assert life.state(late) is DeliveryState.SENT
        watching.cancel()


async def test_killed_while_it_catches_up_the_store_never_knows_the_later_page_only() -> None:
    """Progress is written in order: a restart in the middle sends no firing after its resolved page."""
    channel = ScriptedChannel()
    firing, resolved = page("k"), page("k", PageStatus.RESOLVED)
    async with living({"ops": channel}) as life:
        life.store.fail("delivery")
        await life.decide(routed(firing), routed(resolved))
        await until(lambda: life.outbox.pending == 0)
        life.store.heal()
        hold = life.store.hold("delivery", moment="after")
        async with asyncio.TaskGroup() as group:
            catching_up = group.create_task(life.outbox._progress.drain())
            await hold.reached.wait()
            await life.kill()
            catching_up.cancel()

    async with living({"ops": channel}, life.disk) as later:
        await until(lambda: later.state(resolved) is DeliveryState.SENT)

    assert channel.taken == [firing, resolved, resolved]
