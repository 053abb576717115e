"""Pages that are not taken in time reach the channels they fall back on, once, also over restarts."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from monitor.model.page import Page, PageStatus
from monitor.model.record import DeliveryState
from monitor.model.told import Reach
from monitor.rules.fallback import Fallback
from tests.support.channels import TEMPORARY, Hang, ScriptedChannel
from tests.support.clock import ManualClock
from tests.support.memory_store import Disk
from tests.support.pages import page, routed
from tests.support.paging import PagingLife
from tests.support.waiting import until

AFTER = timedelta(seconds=60)
FALLBACK = (Fallback(("pager",), ("sms",), AFTER),)


@asynccontextmanager
async def falling_back(
    channels: Mapping[str, ScriptedChannel], clock: ManualClock, disk: Disk | None = None
) -> AsyncIterator[PagingLife]:
    """Live with a pager that falls back on sms after a minute of a clock that a test moves."""
    life = PagingLife(channels, disk, clock=clock, fallbacks=_of)
    await life.start()
    try:
        yield life
    finally:
        await life.kill()


def _of(_: Page) -> Sequence[Fallback]:
    return FALLBACK


async def test_what_is_not_taken_in_time_goes_to_the_fallback_once() -> None:
    """Not before its time; and the pager goes on being tried."""
    pager, sms = ScriptedChannel(default=Hang()), ScriptedChannel()
    clock, one = ManualClock(), page()
    async with falling_back({"pager": pager, "sms": sms}, clock) as life:
        await life.decide(routed(one, "pager"))
        clock.advance(AFTER - timedelta(seconds=1))
        await life.look_for_fallbacks()
        assert sms.tried == []
        clock.advance(2)
        await life.look_for_fallbacks()
        await until(lambda: life.disk.deliveries[(one.id, "sms")].state is DeliveryState.SENT)
        await life.look_for_fallbacks()

        assert sms.taken == [one]
        assert life.observer.fell_back == [one]
        assert [(each.channel, each.reach, each.is_fallback) for each in life.outbox.book.of(one)] == [
            ("pager", Reach.BEING_TOLD, False),
            ("sms", Reach.TOLD, True),
        ]


async def test_what_was_taken_does_not_fall_back() -> None:
    """However long ago it was decided."""
    pager, sms = ScriptedChannel(), ScriptedChannel()
    clock, one = ManualClock(), page()
    async with falling_back({"pager": pager, "sms": sms}, clock) as life:
        await life.decide(routed(one, "pager"))
        await until(lambda: life.state(one, "pager") is DeliveryState.SENT)
        clock.advance(3600)
        await life.look_for_fallbacks()

    assert sms.tried == []


async def test_a_restart_neither_forgets_it_nor_repeats_it() -> None:
    """The time before a kill counts; what the fallback took before another kill it is not given again."""
    pager, sms = ScriptedChannel(default=Hang()), ScriptedChannel()
    channels, clock, one = {"pager": pager, "sms": sms}, ManualClock(), page()
    async with falling_back(channels, clock) as life:
        await life.decide(routed(one, "pager"))
    clock.advance(AFTER)
    async with falling_back(channels, clock, life.disk) as life:
        await life.look_for_fallbacks()
        await until(lambda: life.disk.deliveries[(one.id, "sms")].state is DeliveryState.SENT)
    before = len(pager.tried)
    async with falling_back(channels, clock, life.disk) as life:
        await life.look_for_fallbacks()
        await until(lambda: len(pager.tried) > before)

    assert sms.taken == [one]


async def test_whoever_learnt_of_it_by_fallback_is_told_that_it_is_over() -> None:
    """Although the routes name the pager alone, and the pager is well again by then."""
    pager, sms = ScriptedChannel(decide=lambda one, _: TEMPORARY if is_ill else None), ScriptedChannel()
    is_ill = True
    clock, one, over = ManualClock(), page(), page(status=PageStatus.RESOLVED)
    async with falling_back({"pager": pager, "sms": sms}, clock) as life:
        await life.decide(routed(one, "pager"))
        clock.advance(AFTER)
        await life.look_for_fallbacks()
        await until(lambda: sms.taken == [one])
        is_ill = False
        clock.advance(600)
        await life.decide(routed(over, "pager"))
        await until(lambda: sms.taken == [one, over])


async def test_it_is_told_also_if_the_monitor_was_killed_before_it_could() -> None:
    """The end was committed for the pager alone, and handed to nobody: the next start tells whoever knows."""
    pager, sms = ScriptedChannel(), ScriptedChannel()
    channels, clock, one, over = {"pager": pager, "sms": sms}, ManualClock(), page(), page(status=PageStatus.RESOLVED)
    async with falling_back(channels, clock) as life:
        await life.decide(routed(one, "pager", "sms"))
        await until(lambda: life.disk.delivery_state(one.id, "sms") is DeliveryState.SENT)
        await life.commit(routed(over, "pager"))
    async with falling_back(channels, clock, life.disk) as life:
        await until(lambda: sms.taken == [one, over])
    async with falling_back(channels, clock, life.disk) as life:
        await until(lambda: life.outbox.pending == 0)

    assert sms.taken == [one, over]


async def test_what_a_channel_took_and_lost_is_sent_again_and_falls_back() -> None:
    """To the pager once more at once; to the fallback if its time has come. Nothing older goes behind what is newer."""
    pager, sms = ScriptedChannel(), ScriptedChannel()
    clock, one, over = ManualClock(), page(), page(status=PageStatus.RESOLVED)
    async with falling_back({"pager": pager, "sms": sms}, clock) as life:
        await life.decide(routed(one, "pager"))
        await until(lambda: life.state(one, "pager") is DeliveryState.SENT)
        life.outbox.lost(one, "pager")
        await until(lambda: pager.taken == [one, one])
        assert sms.tried == []
        await until(lambda: life.outbox.pending == 0)
        clock.advance(AFTER)
        life.outbox.lost(one, "pager")
        await until(lambda: pager.taken == [one, one, one] and sms.taken == [one])
        pager.default = Hang()
        await life.decide(routed(over, "pager"))
        life.outbox.lost(one, "pager")
        await until(lambda: sms.taken == [one, over])
        assert [each for each, _ in pager.tried] == [one, one, one, over]


async def test_a_clock_that_jumps_ahead_brings_no_fallback_forward() -> None:
    """Waiting is measured on the monotonic clock."""
    pager, sms = ScriptedChannel(default=Hang()), ScriptedChannel()
    clock = ManualClock()
    async with falling_back({"pager": pager, "sms": sms}, clock) as life:
        await life.decide(routed(page(), "pager"))
        clock._now += timedelta(hours=1)
        await life.look_for_fallbacks()

    assert sms.tried == []


async def test_each_page_says_who_else_is_told_from_the_first_try() -> None:
    """Before the first channel is tried all of them are known."""
    seen: list[tuple[str, ...]] = []
    one = page()
    channel = ScriptedChannel(
        decide=lambda _, __: seen.append(tuple(each.channel for each in life.outbox.book.of(one)))
    )
    life = PagingLife({"a": channel, "b": replace(channel)})
    await life.start()
    await life.decide(routed(one, "a", "b"))
    await until(lambda: len(seen) == 2)
    await life.kill()

    assert seen == [("a", "b"), ("a", "b")]
