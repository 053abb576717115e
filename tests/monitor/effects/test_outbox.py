"""Pages reach their channels, in order, whatever the channels and the store do."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.model.page import Page, PageKind, PageStatus
from monitor.model.record import DeliveryState, RoutedPage
from tests.support.channels import REFUSED, TEMPORARY, Act, CountingObserver, Hang, ScriptedChannel, limited
from tests.support.clock import ManualClock
from tests.support.pages import page, routed
from tests.support.paging import MILLISECOND, QUICK, PagingLife, living
from tests.support.waiting import until


async def test_page_reaches_every_channel_and_the_receipts_are_kept() -> None:
    """A page goes to each of its channels, and what each answered is on the disk."""
    phone, chat = ScriptedChannel(), ScriptedChannel()
    one = page()
    async with living({"phone": phone, "chat": chat}) as life:
        await life.decide(routed(one, "phone", "chat"))
        await until(lambda: life.state(one, "phone") == life.state(one, "chat") == DeliveryState.SENT)

    assert phone.taken == chat.taken == [one]
    assert life.disk.deliveries[(one.id, "phone")].receipt == f"receipt {one.id}"


async def test_page_goes_only_where_it_was_routed() -> None:
    """A channel that the page wasn't routed to doesn't get it."""
    phone, chat = ScriptedChannel(), ScriptedChannel()
    async with living({"phone": phone, "chat": chat}) as life:
        await life.decide(routed(page(), "phone"))
        await until(lambda: life.outbox.pending == 0)

    assert len(phone.taken) == 1
    assert chat.tried == []


async def test_intent_is_on_the_disk_before_the_network_is_touched() -> None:
    """While a try is under way the disk says so, with its number."""
    seen: list[tuple[DeliveryState, int]] = []
    channel = ScriptedChannel()
    one = page()
    async with living({"ops": channel}) as life:

        def look(asked: Page, attempt: int) -> Act:
            delivery = life.disk.deliveries[(asked.id, "ops")]
            seen.append((delivery.state, delivery.attempts))
            return TEMPORARY if attempt < 3 else None

        channel.decide = look
        await life.decide(routed(one))
        await until(lambda: life.state(one) is DeliveryState.SENT)

    assert seen == [(DeliveryState.SENDING, 1), (DeliveryState.SENDING, 2), (DeliveryState.SENDING, 3)]


@pytest.mark.parametrize("bad", [Hang(), TEMPORARY, REFUSED], ids=["hangs", "fails", "refuses"])
async def test_bad_channel_never_delays_another(bad: Act) -> None:
    """Fifty pages pass a channel that hangs, fails or refuses, through the other one."""
    sick, well = ScriptedChannel(default=bad), ScriptedChannel()
    pages = [page(f"key {number}") for number in range(50)]
    async with living({"sick": sick, "well": well}) as life:
        await life.decide(*(routed(one, "sick", "well") for one in pages))
        await until(lambda: len(well.taken) == 50)

    assert sick.taken == []


async def test_resolved_never_overtakes_its_firing() -> None:
    """While the firing fails its resolved page waits, and comes right after it."""
    channel = ScriptedChannel()
    channel.script.extend([TEMPORARY] * 5)
    firing, resolved = page("k"), page("k", PageStatus.RESOLVED)
    async with living({"ops": channel}) as life:
        await life.decide(routed(firing), routed(resolved))
        await channel.wait_until(lambda channel: len(channel.taken) == 2)

    assert [one for one, _ in channel.tried] == [firing] * 6 + [resolved]


async def test_failing_page_holds_up_only_its_own_key() -> None:
    """Pages of other keys pass one that never gets through."""
    channel = ScriptedChannel(decide=lambda one, _: TEMPORARY if one.dedup_key == "poison" else None)
    pages = [page(f"key {number}") for number in range(20)]
    async with living({"ops": channel}) as life:
        await life.decide(routed(page("poison")), *(routed(one) for one in pages))
        await channel.wait_until(lambda channel: len(channel.taken) == 20)

    assert {one.dedup_key for one in channel.taken} == {one.dedup_key for one in pages}


async def test_hanging_repeats_leave_a_place_for_a_new_page() -> None:
    """However many old pages hang, a new one is tried at once."""
    pace = replace(QUICK, longest_send=timedelta(seconds=30), concurrency=3)
    channel = ScriptedChannel(
        decide=lambda one, attempt: None if "new" in one.dedup_key else TEMPORARY if attempt == 1 else Hang()
    )
    async with living({"ops": channel}, pace=pace) as life:
        await life.decide(*(routed(page(f"old {number}")) for number in range(10)))
        await channel.wait_until(lambda channel: sum(attempt == 2 for _, attempt in channel.tried) == 2)
        await life.decide(routed(page("new")))
        await channel.wait_until(lambda channel: len(channel.taken) == 1)


async def test_tries_at_once_are_bounded() -> None:
    """A channel that hangs sees as many tries at once as it has places, and no more, however many pages wait."""
    channel = ScriptedChannel(default=Hang())
    async with living({"ops": channel}) as life:
        await life.decide(*(routed(page(f"key {number}")) for number in range(40)))
        await channel.wait_until(lambda channel: len(channel.tried) == QUICK.concurrency)
        for _ in range(1000):
            await asyncio.sleep(0)

    assert len(channel.tried) == channel.most_at_once == QUICK.concurrency


async def test_pages_go_before_tickets() -> None:
    """What wakes somebody goes before what can wait, where places are scarce."""
    channel = ScriptedChannel()
    ticket, urgent = page("t", kind=PageKind.DEGRADED), page("u", kind=PageKind.OUTAGE)
    async with living({"ops": channel}, pace=replace(QUICK, concurrency=1)) as life:
        await life.decide(routed(ticket), routed(urgent))
        await channel.wait_until(lambda channel: len(channel.taken) == 2)

    assert channel.taken == [urgent, ticket]


async def test_refused_page_is_given_up_recorded_and_counted() -> None:
    """After ten refusals a ticket is failed, with the last error; the next of its key then goes."""
    firing = page("k", kind=PageKind.DEGRADED)
    resolved = page("k", PageStatus.RESOLVED, kind=PageKind.DEGRADED)
    channel = ScriptedChannel(decide=lambda one, _: REFUSED if one.id == firing.id else None)
    async with living({"ops": channel}) as life:
        await life.decide(routed(firing))
        await until(lambda: life.state(firing) is DeliveryState.FAILED)
        await life.decide(routed(resolved))
        await until(lambda: life.state(resolved) is DeliveryState.SENT)

    kept = life.disk.deliveries[(firing.id, "ops")]
    assert (kept.state, kept.attempts, kept.last_error) == (DeliveryState.FAILED, 10, "answered 400")
    assert life.observer.failed == [(firing, "ops")]
    assert life.observer.delivered == [(resolved, "ops")]


async def test_a_page_that_is_refused_gives_way_to_what_holds_now() -> None:
    """A page that the provider can't take keeps nobody from the newer one of its key for long, however urgent it is."""
    poison, newer = page("k", number=1, kind=PageKind.FLAG), page("k", number=2, kind=PageKind.FLAG)
    channel = ScriptedChannel(decide=lambda one, _: REFUSED if one.id == poison.id else None)
    async with living({"ops": channel}) as life:
        await life.decide(routed(poison), routed(newer))
        await until(lambda: life.state(newer) is DeliveryState.SENT)

    kept = life.disk.deliveries[(poison.id, "ops")]
    assert (kept.state, kept.attempts) == (DeliveryState.FAILED, 3)
    assert life.observer.failed == [(poison, "ops")]


async def test_what_gets_no_answer_never_gives_way() -> None:
    """Only what is refused: a page that can't get through now is sent before the newer one of its key."""
    older, newer = page("k", number=1), page("k", number=2)
    channel = ScriptedChannel(decide=lambda one, attempt: TEMPORARY if one.id == older.id and attempt < 9 else None)
    async with living({"ops": channel}) as life:
        await life.decide(routed(older), routed(newer))
        await until(lambda: life.state(newer) is DeliveryState.SENT)

    assert channel.taken == [older, newer]


async def test_what_wakes_somebody_outlives_any_number_of_refusals() -> None:
    """A receiver that refuses for an hour has the outage's page in the end."""
    channel = ScriptedChannel()
    channel.script.extend([REFUSED] * 25)
    one = page()
    async with living({"ops": channel}) as life:
        await life.decide(routed(one))
        await until(lambda: life.state(one) is DeliveryState.SENT)

    assert len(channel.tried) == 26
    assert life.observer.failed == []


async def test_refusals_count_only_in_a_row() -> None:
    """A try without an answer between refusals starts their count anew."""
    channel = ScriptedChannel()
    channel.script.extend([*[REFUSED] * 9, TEMPORARY, *[REFUSED] * 9])
    one = page(kind=PageKind.DEGRADED)
    async with living({"ops": channel}) as life:
        await life.decide(routed(one))
        await until(lambda: life.state(one) is DeliveryState.SENT)

    assert len(channel.tried) == 20


async def test_next_try_is_on_the_disk() -> None:
    """A failed try leaves the error, the count and the next time behind."""
    clock = ManualClock()
    channel = ScriptedChannel(default=limited(2))
    pace = replace(QUICK, retry=replace(QUICK.retry, cap=timedelta(minutes=5)))
    one = page()
    async with living({"ops": channel}, pace=pace, clock=clock) as life:
        await life.decide(routed(one))
        await until(lambda: life.disk.deliveries[(one.id, "ops")].last_error)

    kept = life.disk.deliveries[(one.id, "ops")]
    assert (kept.state, kept.attempts, kept.last_error) == (DeliveryState.PENDING, 1, "answered 429")
    assert kept.next_at == clock.now() + timedelta(seconds=2)


async def test_channel_that_breaks_its_bounds_is_cut_off() -> None:
    """A try that never ends is ended, and the page tried again."""
    channel = ScriptedChannel()
    channel.script.append(Hang())
    one = page()
    async with living({"ops": channel}, pace=replace(QUICK, longest_send=20 * MILLISECOND)) as life:
        await life.decide(routed(one))
        await until(lambda: life.state(one) is DeliveryState.SENT)

    assert [attempt for _, attempt in channel.tried] == [1, 2]


async def test_fault_in_a_channel_loses_no_page_and_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """A bug in a channel becomes a failed try; what the bug's message holds is not logged."""
    channel = ScriptedChannel()
    channel.script.append(ValueError("token hunter2"))
    one = page()
    async with living({"ops": channel}) as life:
        await life.decide(routed(one))
        await until(lambda: life.state(one) is DeliveryState.SENT)

    faults = [record for record in caplog.records if record.message == "channel_fault"]
    assert [record.__dict__["fields"]["type"] for record in faults] == ["ValueError"]
    assert "hunter2" not in repr([record.__dict__ for record in caplog.records])


async def test_page_handed_in_twice_is_sent_once() -> None:
    """A page that is under way already isn't taken in again; a further channel is."""
    phone, chat = ScriptedChannel(), ScriptedChannel()
    one = page()
    async with living({"phone": phone, "chat": chat}) as life:
        await life.decide(routed(one, "phone"))
        life.outbox.submit(routed(one, "phone"))
        await life.decide(routed(one, "phone", "chat"))
        await until(lambda: life.outbox.pending == 0)

    assert phone.taken == chat.taken == [one]


async def test_page_without_a_channel_counts_as_failed() -> None:
    """Nobody gets it, so it is counted."""
    one = page()
    async with living({}) as life:
        await life.decide(RoutedPage(one, ()))

        assert life.observer.decided == [one]
        assert life.observer.failed == [(one, "")]


async def test_pending_is_told() -> None:
    """The observer knows how many deliveries are not settled."""
    hanging, well = ScriptedChannel(default=Hang()), ScriptedChannel()
    async with living({"hanging": hanging, "well": well}) as life:
        await life.decide(routed(page("a"), "hanging", "well"), routed(page("b"), "hanging"))
        assert life.observer.pending == 3
        await until(lambda: life.observer.pending == 2)

        assert life.outbox.pending == 2


async def test_wall_clock_that_jumps_delays_no_page() -> None:
    """Setting the clock back an hour leaves the next try where it was."""
    clock = ManualClock()
    channel = ScriptedChannel()
    channel.script.append(TEMPORARY)
    one = page()
    async with living({"ops": channel}, clock=clock) as life:
        await life.decide(routed(one))
        await until(lambda: life.disk.deliveries[(one.id, "ops")].last_error)
        clock._now -= timedelta(hours=1)
        clock._monotonic += 1
        await life.decide(routed(page("poke")))
        await until(lambda: life.state(one) is DeliveryState.SENT)


async def test_handing_in_never_waits() -> None:
    """A thousand pages are taken in within one turn of the loop, however the channel behaves."""
    channel = ScriptedChannel(default=Hang())
    async with living({"ops": channel}) as life:
        for number in range(1000):
            life.hand_in_unrecorded(routed(page(f"key {number}")))

        assert channel.tried == []
        await asyncio.wait_for(channel.wait_until(lambda channel: len(channel.tried) == QUICK.concurrency), 20)


async def test_fault_around_a_try_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A bug in what counts pages is logged; other pages and other channels go on."""

    class Faulty(CountingObserver):
        def page_delivered(self, page: Page, channel: str) -> None:
            raise ZeroDivisionError

    channel = ScriptedChannel()
    pages = [page(f"key {number}") for number in range(10)]
    life = PagingLife({"ops": channel}, observer=Faulty())
    await life.start()
    await life.decide(*(routed(one) for one in pages))
    await until(lambda: all(life.state(one) is DeliveryState.SENT for one in pages))
    await life.kill()

    assert len(channel.taken) == 10
    assert {record.message for record in caplog.records if record.levelname == "ERROR"} == {"outbox_fault"}
