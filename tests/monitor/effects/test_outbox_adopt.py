"""Channels that come, go and change while pages are on their way."""

from dataclasses import replace

from monitor.model.page import PageStatus
from monitor.model.record import DeliveryState
from monitor.model.told import Reach
from tests.support.channels import TEMPORARY, Hang, ScriptedChannel
from tests.support.lapsing import LapsingChannel
from tests.support.pages import page, routed
from tests.support.paging import living
from tests.support.waiting import until


async def test_a_channel_that_comes_takes_pages_at_once() -> None:
    """What is decided from then on; what was decided before goes where it went."""
    phone, chat = ScriptedChannel(), ScriptedChannel()
    async with living({"phone": phone}) as life:
        await life.decide(routed(page(number=1), "phone"))
        assert life.outbox.adopt({"chat": chat}, ()) == []
        two = page(number=2)
        await life.decide(routed(two, "phone", "chat"))
        await until(lambda: life.outbox.pending == 0)
        await life.outbox.stop()
    assert chat.taken == [two]
    assert len(phone.taken) == 2
    assert chat.is_closed


async def test_a_channel_that_changed_is_tried_instead_of_the_one_before() -> None:
    """A page that kept failing gets through the new one, and keeps its place."""
    old, new = ScriptedChannel(default=TEMPORARY), ScriptedChannel()
    async with living({"ops": old}) as life:
        firing, resolved = page(), page(status=PageStatus.RESOLVED)
        await life.decide(routed(firing, "ops"))
        await life.decide(routed(resolved, "ops"))
        await old.wait_until(lambda channel: len(channel.tried) > 1)
        assert life.outbox.adopt({"ops": new}, ()) == [old]
        await until(lambda: life.outbox.pending == 0)
    assert new.taken == [firing, resolved]


async def test_pages_of_a_channel_that_went_go_where_they_are_routed_now() -> None:
    """Also one that was under way; the old delivery is settled, so that no restart sends it."""
    hung, other = ScriptedChannel(default=Hang()), ScriptedChannel()
    channels = {"phone": hung}  # by which pages are routed, too
    async with living(channels) as life:
        one = page()
        await life.decide(routed(one, "phone"))
        await hung.wait_until(lambda channel: bool(channel.tried))
        del channels["phone"]
        channels["chat"] = other
        assert life.outbox.adopt({"chat": other}, ("phone",)) == [hung]
        await until(lambda: life.outbox.pending == 0)
        await until(lambda: life.state(one, "phone") is DeliveryState.FAILED)
        assert life.state(one, "chat") is DeliveryState.SENT
    assert other.taken == [one]


async def test_nobody_waits_for_a_channel_that_went() -> None:
    """A page that it did not take is given up there, and forgotten once all others have it and it is over."""
    hung, other = ScriptedChannel(default=Hang()), ScriptedChannel()
    channels = {"phone": hung}
    async with living(channels) as life:
        one, over = page(), page(status=PageStatus.RESOLVED)
        await life.decide(routed(one, "phone"))
        await hung.wait_until(lambda channel: bool(channel.tried))
        del channels["phone"]
        channels["chat"] = other
        life.outbox.adopt({"chat": other}, ("phone",))
        await until(lambda: life.outbox.pending == 0)
        assert life.outbox.book.reach_of(one) == {"phone": Reach.GIVEN_UP, "chat": Reach.TOLD}
        await life.decide(routed(over, "chat"))
        await until(lambda: life.outbox.pending == 0)
        assert list(life.outbox.book.under_way()) == []
        assert life.outbox.book.reach_of(one) == {}


async def test_a_channel_that_comes_back_is_told_what_is_over_since() -> None:
    """It was told that it fires; what fires still it is told again where that would lapse."""
    before, after, chat = LapsingChannel(), LapsingChannel(), ScriptedChannel()
    async with living({"alerts": before, "chat": chat}) as life:
        one, two = page("a"), page("b")
        for each in (one, two):
            await life.decide(routed(each, "alerts", "chat"))
        await until(lambda: life.outbox.pending == 0)
        life.outbox.adopt({}, ("alerts",))
        over = page("a", status=PageStatus.RESOLVED)
        await life.decide(routed(over, "chat"))
        await until(lambda: life.outbox.pending == 0)
        life.outbox.adopt({"alerts": after}, ())
        await until(lambda: after.taken == [over])
        await until(lambda: (two.id,) in after.rounds)
        assert not any(one.id in told for told in after.rounds)


async def test_what_fires_again_meanwhile_is_not_told_to_be_over() -> None:
    """What is told last is what is true."""
    before, after, chat = ScriptedChannel(), ScriptedChannel(), ScriptedChannel()
    async with living({"ops": before, "chat": chat}) as life:
        await life.decide(routed(page("a"), "ops", "chat"))
        await until(lambda: life.outbox.pending == 0)
        life.outbox.adopt({}, ("ops",))
        again = replace(page("a"), id="again")
        for each in (page("a", status=PageStatus.RESOLVED), again):
            await life.decide(routed(each, "chat"))
        await until(lambda: life.outbox.pending == 0)
        life.outbox.adopt({"ops": after}, ())
        await life.decide(routed(page("b"), "ops"))
        await until(lambda: life.outbox.pending == 0)
        assert [each.dedup_key for each in after.taken] == [page("b").dedup_key]


async def test_a_changed_channel_does_not_tell_again_what_is_just_said_to_be_over() -> None:
    """The page that says so waits for its try; until it is taken nothing says the contrary."""
    before, after = LapsingChannel(), LapsingChannel(default=TEMPORARY)
    async with living({"alerts": before}) as life:
        one = page("a")
        await life.decide(routed(one, "alerts"))
        await until(lambda: life.outbox.pending == 0)
        before.default = TEMPORARY
        await life.decide(routed(page("a", status=PageStatus.RESOLVED), "alerts"))
        life.outbox.adopt({"alerts": after}, ())
        await life.decide(routed(page("b"), "alerts"))
        await after.wait_until(lambda channel: len(channel.tried) > 5)
        assert not any(one.id in told for told in after.rounds)
