"""Channels that come, go and change while pages are on their way."""

from monitor.model.page import PageStatus
from monitor.model.record import DeliveryState
from tests.support.channels import TEMPORARY, Hang, ScriptedChannel
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
