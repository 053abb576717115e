"""Stopping is bounded, tries what is due, and leaves the rest to the next start."""

import asyncio
from datetime import timedelta

from monitor.model.record import DeliveryState
from tests.support.channels import TEMPORARY, Hang, ScriptedChannel
from tests.support.pages import page, routed
from tests.support.paging import living
from tests.support.waiting import until


async def test_what_was_just_handed_in_is_still_sent() -> None:
    """A page decided right before the end goes out, and its receipt is written."""
    channel = ScriptedChannel()
    one = page()
    async with living({"ops": channel}) as life:
        await life.decide(routed(one))
        await life.outbox.stop()

        assert channel.taken == [one]
        assert life.state(one) is DeliveryState.SENT
        assert channel.is_closed


async def test_unrecorded_page_is_tried_before_the_end() -> None:
    """A page that only memory holds has its one chance now."""
    channel = ScriptedChannel()
    async with living({"ops": channel}) as life:
        life.store.fail()
        life.hand_in_unrecorded(routed(page()))
        await life.outbox.stop()

        assert len(channel.taken) == 1


async def test_hanging_channel_is_not_waited_for_beyond_the_bound() -> None:
    """A try that never ends is cut off; the disk still knows that it was under way."""
    channel = ScriptedChannel(default=Hang())
    one = page()
    async with living({"ops": channel}) as life:
        await life.decide(routed(one))
        await channel.wait_until(lambda channel: len(channel.tried) == 1)
        async with asyncio.timeout(20):
            await life.outbox.stop(timedelta(milliseconds=50))

        assert life.state(one) is DeliveryState.SENDING
        assert channel.is_closed


async def test_page_that_keeps_failing_is_left_for_the_next_start() -> None:
    """Stopping doesn't wait for a page to get through."""
    channel = ScriptedChannel(default=TEMPORARY)
    one = page()
    async with living({"ops": channel}) as life:
        await life.decide(routed(one))
        await channel.wait_until(lambda channel: len(channel.tried) == 3)
        async with asyncio.timeout(20):
            await life.outbox.stop(timedelta(milliseconds=100))

        assert life.state(one) in (DeliveryState.PENDING, DeliveryState.SENDING)
        assert [delivery.page for delivery in await life.store.unsent()] == [one]


async def test_store_that_hangs_does_not_hold_up_the_end() -> None:
    """The last progress is written if the store takes it in time, else not."""
    channel = ScriptedChannel()
    async with living({"ops": channel}) as life:
        await life.decide(routed(page()))
        await until(lambda: life.outbox.pending == 0)
        life.store.hold("delivery")
        await life.decide(routed(page("other")))
        async with asyncio.timeout(20):
            await life.outbox.stop(timedelta(milliseconds=50))


async def test_no_task_is_left() -> None:
    """After the end nothing of the outbox runs any more; ending twice is the same."""
    async with living({"a": ScriptedChannel(default=Hang()), "b": ScriptedChannel()}) as life:
        await life.decide(routed(page(), "a", "b"))
        await life.outbox.stop(timedelta(milliseconds=20))
        await life.outbox.stop()

        assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_progress_kept_while_the_store_was_away_is_written_at_the_end() -> None:
    """A store that works again just before the end learns what was sent, though the gate never opened."""
    channel = ScriptedChannel()
    one = page()
    async with living({"ops": channel}) as life:
        life.store.fail("delivery")
        await life.decide(routed(one))
        await until(lambda: life.outbox.pending == 0)
        assert not life.gate.is_open
        life.store.heal()
        await life.outbox.stop()

        assert life.state(one) is DeliveryState.SENT
