"""No page is lost and none overtakes another when the monitor is killed at any instant."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.errors import StoreUnavailable
from monitor.model.page import PageStatus
from monitor.model.record import Delivery, DeliveryState
from monitor.outbox import Outbox, OutboxContext
from tests.support.channels import TEMPORARY, Act, Hang, Late, ScriptedChannel, limited
from tests.support.clock import START, ManualClock
from tests.support.memory_store import Disk
from tests.support.pages import page, routed
from tests.support.paging import QUICK, PagingLife, living
from tests.support.waiting import until

LONG = replace(QUICK, retry=replace(QUICK.retry, cap=timedelta(minutes=5)))


async def _restart(disk: Disk, channel: ScriptedChannel) -> list[Delivery]:
    """Start again on a disk, wait until nothing is pending and all is written; return what the disk holds then."""
    async with living({"ops": channel}, disk) as life:
        await until(lambda: life.outbox.pending == 0)
        await life.outbox.stop()
    return list(disk.deliveries.values())


@pytest.mark.parametrize(
    ("moment", "writes_before", "was_sent"),
    [
        ("before", 0, False),
        ("after", 0, False),
        ("before", 1, True),
        ("after", 1, True),
    ],
    ids=["intent not written", "intent written", "receipt not written", "receipt written"],
)
async def test_killed_at_a_write(moment: str, writes_before: int, was_sent: bool) -> None:  # noqa: FBT001 - a table
    """Killed around any write, a page is sent after the restart unless its receipt was written; its id stays."""
    channel = ScriptedChannel()
    one = page()
    async with living({"ops": channel}) as life:
        hold = life.store.hold("delivery", moment=moment, skip=writes_before)
        await life.decide(routed(one))
        await asyncio.wait_for(hold.reached.wait(), 20)
        assert channel.taken == ([one] if was_sent else [])
        await life.kill()

    (kept,) = await _restart(life.disk, channel)

    is_on_disk = (moment, writes_before) == ("after", 1)
    assert [taken.id for taken in channel.taken] == [one.id] * (2 if was_sent and not is_on_disk else 1)
    assert kept.state is DeliveryState.SENT


@pytest.mark.parametrize("act", [Hang(), Late()], ids=["not taken", "taken, answer lost"])
async def test_killed_during_a_try(act: Act) -> None:
    """Killed while the network is touched, the page is tried again under the same id, as the next attempt."""
    channel = ScriptedChannel()
    channel.script.append(act)
    one = page()
    async with living({"ops": channel}) as life:
        await life.decide(routed(one))
        await channel.wait_until(lambda channel: len(channel.tried) == 1)
        await until(lambda: not isinstance(act, Late) or channel.taken)
        await life.kill()
        assert life.state(one) is DeliveryState.SENDING

    (kept,) = await _restart(life.disk, channel)

    assert [(tried.id, attempt) for tried, attempt in channel.tried] == [(one.id, 1), (one.id, 2)]
    assert (kept.state, kept.attempts) == (DeliveryState.SENT, 2)


async def test_killed_between_commit_and_hand_in() -> None:
    """A page that was committed and never handed in is found on the disk."""
    channel = ScriptedChannel()
    async with living({"ops": channel}) as life:
        await life.decide(routed(page("a")))
        await until(lambda: life.outbox.pending == 0)
        await life.commit(routed(page("b")))
        await life.kill()

    await _restart(life.disk, channel)

    assert [one.dedup_key for one in channel.taken][-1] == "b"


async def test_order_holds_across_a_restart() -> None:
    """A firing that never got through goes before its resolved page after a restart too."""
    channel = ScriptedChannel(default=TEMPORARY)
    firing, resolved = page("k"), page("k", PageStatus.RESOLVED)
    async with living({"ops": channel}) as life:
        await life.decide(routed(firing))
        await life.decide(routed(resolved))
        await channel.wait_until(lambda channel: len(channel.tried) == 2)
        await life.kill()
    channel.default = None

    await _restart(life.disk, channel)

    assert channel.taken == [firing, resolved]


async def test_next_try_is_kept_across_a_restart() -> None:
    """After a restart a page waits for its time, and no longer than that."""
    clock = ManualClock()
    channel = ScriptedChannel()
    channel.script.append(limited(120))
    one = page()
    async with living({"ops": channel}, pace=LONG, clock=clock) as life:
        await life.decide(routed(one))
        await until(lambda: life.disk.deliveries[(one.id, "ops")].last_error)

    async with living({"ops": channel}, life.disk, pace=LONG, clock=clock) as later:
        clock.advance(119)
        await later.decide(routed(page("witness")))
        await until(lambda: len(channel.taken) == 1)
        assert [tried.dedup_key for tried, _ in channel.tried] == [one.dedup_key, "witness"]
        clock.advance(1)
        await later.decide(routed(page("poke")))
        await until(lambda: later.state(one) is DeliveryState.SENT)


async def test_clock_set_back_across_a_restart_delays_a_page_by_the_cap_at_most() -> None:
    """A next try that lies days ahead, because the clock was set back, is waited for no longer than the cap."""
    clock = ManualClock()
    channel = ScriptedChannel(default=limited(120))
    one = page()
    async with living({"ops": channel}, pace=LONG, clock=clock) as life:
        await life.decide(routed(one))
        await until(lambda: life.disk.deliveries[(one.id, "ops")].last_error)
    channel.default = None

    earlier = ManualClock(START - timedelta(days=3))
    async with living({"ops": channel}, life.disk, pace=LONG, clock=earlier) as later:
        earlier.advance(timedelta(minutes=5))
        await later.decide(routed(page("poke")))
        await until(lambda: later.state(one) is DeliveryState.SENT)


async def test_page_for_a_channel_that_is_gone_fails() -> None:
    """A page for a channel that was taken out of the settings is failed and counted, and never found again."""
    one = page()
    async with living({"old": ScriptedChannel(default=TEMPORARY)}) as life:
        await life.decide(routed(one, "old"))

    async with living({"new": ScriptedChannel()}, life.disk) as later:
        await until(lambda: later.state(one, "old") is DeliveryState.FAILED)
        assert later.observer.failed == [(one, "old")]
        assert later.disk.deliveries[(one.id, "old")].last_error == "the channel is not configured"
        assert list(await later.store.unsent()) == []


async def test_restart_counts_no_page_anew() -> None:
    """What is taken up again was decided before; it only is pending."""
    async with living({"ops": ScriptedChannel(default=Hang())}) as life:
        await life.decide(routed(page()))

    async with living({"ops": ScriptedChannel(default=Hang())}, life.disk) as later:
        assert later.observer.decided == []
        assert later.observer.pending == 1


async def test_a_page_of_a_channel_that_is_gone_goes_where_it_is_routed_now() -> None:
    """A channel that was renamed while a page was pending must not lose the page."""
    one = page()
    async with living({"hook": ScriptedChannel(default=Hang())}) as life:
        await life.decide(routed(one, "hook"))

    renamed = ScriptedChannel()
    async with living({"pager": renamed}, life.disk):
        await renamed.wait_until(lambda channel: len(channel.taken) == 1)

    assert renamed.taken == [one]
    assert life.disk.deliveries[(one.id, "hook")].state is DeliveryState.FAILED
    assert (one.id, "pager") in life.disk.deliveries


async def test_start_says_when_what_is_unsent_cannot_be_read() -> None:
    """Starting without knowing what is unsent would lose it."""
    life = PagingLife({"ops": ScriptedChannel()})
    await life.store.open()
    life.store.fail("unsent")

    with pytest.raises(StoreUnavailable):
        await Outbox({}, OutboxContext(life.store, life.gate, life.clock, lambda _: ())).start()


async def test_what_is_handed_in_before_the_start_comes_after_what_was_left() -> None:
    """A resolved page decided while the outbox still starts doesn't overtake the firing left by the last life."""
    channel = ScriptedChannel(default=Hang())
    firing, resolved = page("k"), page("k", PageStatus.RESOLVED)
    async with living({"ops": channel}) as life:
        await life.decide(routed(firing))
    channel.default = None

    later = PagingLife({"ops": channel}, life.disk)
    await later.store.open()
    await later.decide(routed(resolved))
    await later.outbox.start()
    await until(lambda: later.outbox.pending == 0)
    await later.kill()

    assert channel.taken == [firing, resolved]
