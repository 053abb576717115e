"""Pages on their way: nothing decided is forgotten, in the order it was decided."""

from dataclasses import replace

from monitor.model.page import PageStatus
from monitor.model.record import Delivery, DeliveryState, RoutedPage, Standing
from monitor.store.store import SqlStore
from tests.support.commits import CHANNELS, at, page, story
from tests.support.stores import StorePlace


async def opened(place: StorePlace) -> SqlStore:
    """Return an open store in which the whole story was committed."""
    store = place.store()
    await store.open()
    for commit in story():
        await store.commit(commit)
    return store


async def test_pages_wait_in_the_order_they_were_decided(place: StorePlace) -> None:
    """Firing before resolved, whatever their clocks said; each through every channel."""
    store = await opened(place)
    unsent = await store.unsent()
    assert [(delivery.page.status, delivery.channel) for delivery in unsent] == [
        (status, channel) for status in (PageStatus.FIRING, PageStatus.RESOLVED) for channel in sorted(CHANNELS)
    ]
    first = story()[1].pages[0].page
    assert unsent[1] == Delivery(first, "pager", DeliveryState.PENDING, 0, first.decided_at)


async def test_what_was_sent_or_given_up_waits_no_more(place: StorePlace) -> None:
    """Only pending deliveries and those under way are to be made."""
    store = await opened(place)
    unsent = await store.unsent()
    await store.delivery(replace(unsent[0], state=DeliveryState.SENT, attempts=1, receipt="r-1"))
    await store.delivery(replace(unsent[1], state=DeliveryState.FAILED, attempts=9, last_error="gone"))
    await store.delivery(replace(unsent[2], state=DeliveryState.SENDING, attempts=1))
    assert [delivery.state for delivery in await store.unsent()] == [DeliveryState.SENDING, DeliveryState.PENDING]


async def test_how_far_a_delivery_got_comes_back(place: StorePlace) -> None:
    """Attempts, next try, error and receipt survive a restart; what was under way is tried again."""
    store = await opened(place)
    under_way = replace(
        (await store.unsent())[0],
        state=DeliveryState.SENDING,
        attempts=3,
        next_at=at(99),
        last_error="HTTP 500 \0",
        receipt="r \ud800",
    )
    await store.delivery(under_way)
    await store.close()
    store = place.store()
    await store.open()
    settled = replace(
        under_way, state=DeliveryState.PENDING, last_error="HTTP 500 \ufffd", receipt=(await store.unsent())[0].receipt
    )
    assert (await store.unsent())[0] == settled
    assert settled.receipt.startswith("r ")


async def test_a_page_that_could_not_be_recorded_is_recorded_with_its_delivery(place: StorePlace) -> None:
    """Decided while the store was away, sent all the same: its way is kept from then on."""
    store = place.store()
    await store.open()
    unrecorded = replace(page("payments", PageStatus.FIRING), unrecorded=True)
    delivery = Delivery(unrecorded, "pager", DeliveryState.PENDING, 1, at(9), "HTTP 500")
    await store.delivery(delivery)
    assert await store.unsent() == [delivery]
    await store.delivery(replace(delivery, state=DeliveryState.SENT))
    assert await store.unsent() == []


async def test_a_commit_written_late_does_not_send_again_what_went_out(place: StorePlace) -> None:
    """A page that went out unrecorded stays sent when its commit is written after all."""
    store = place.store()
    await store.open()
    commits = story()
    await store.commit(commits[0])
    told = replace(commits[1].pages[0].page, unrecorded=True)
    await store.delivery(Delivery(told, "pager", DeliveryState.SENT, 1, at(21)))
    await store.commit(commits[1])
    assert [delivery.channel for delivery in await store.unsent()] == ["chat"]


async def test_one_damaged_page_does_not_hold_up_the_others(place: StorePlace) -> None:
    """What can't be read is logged and left out."""
    store = await opened(place)
    place.sql("UPDATE pages SET record = '{' WHERE vantage = :vantage AND status = 'firing'")
    assert [delivery.page.status for delivery in await store.unsent()] == [PageStatus.RESOLVED] * len(CHANNELS)


async def test_a_channel_named_twice_gets_one_delivery(place: StorePlace) -> None:
    """Two routes to the same channel are one."""
    store = place.store()
    await store.open()
    commits = story()
    await store.commit(commits[0])
    twice = RoutedPage(commits[1].pages[0].page, ("pager", "pager"))
    await store.commit(replace(commits[1], pages=(twice,)))
    assert len(await store.unsent()) == 1


async def _of_one_problem(place: StorePlace) -> SqlStore:
    """Return an open store in which the story was committed, its pages under one key."""
    store = place.store()
    await store.open()
    key = story()[1].pages[0].page.dedup_key
    for commit in story():
        pages = tuple(replace(routed, page=replace(routed.page, dedup_key=key)) for routed in commit.pages)
        await store.commit(replace(commit, pages=pages))
    return store


async def _told(store: SqlStore, number: int, channel: str) -> None:
    """Have a channel take the story's first page (0) or its last (1)."""
    delivery = next(each for each in await store.unsent() if each.channel == channel and _number(each) == number)
    await store.delivery(replace(delivery, state=DeliveryState.SENT, attempts=1))


def _number(delivery: Delivery) -> int:
    return int(delivery.page.status is PageStatus.RESOLVED)


async def test_what_others_took_of_a_page_under_way_is_known(place: StorePlace) -> None:
    """Who has it already, of pages that somebody still has to be told; of no others."""
    store = await opened(place)
    assert await store.standing() == Standing()
    await _told(store, 0, "chat")
    found = await store.standing()
    assert [(each.channel, each.page.status, each.state) for each in found.settled] == [
        ("chat", PageStatus.FIRING, DeliveryState.SENT)
    ]
    await _told(store, 0, "pager")
    assert (await store.standing()).settled == ()


async def test_who_was_told_last_that_it_fires_is_known_until_told_that_it_is_over(place: StorePlace) -> None:
    """Each channel for itself, with the page that came last of that key, where it says that it is over."""
    store = await _of_one_problem(place)
    await _told(store, 0, "chat")
    await _told(store, 0, "pager")
    await _told(store, 1, "chat")
    found = await store.standing()
    assert [(each.channel, each.page.status) for each in found.firing] == [("pager", PageStatus.FIRING)]
    assert [page.status for page in found.over] == [PageStatus.RESOLVED]
    await _told(store, 1, "pager")
    assert await store.standing() == Standing()


async def test_what_fires_still_has_nothing_that_says_it_is_over(place: StorePlace) -> None:
    """Before its end was decided."""
    store = place.store()
    await store.open()
    for commit in story()[:2]:
        await store.commit(commit)
    await _told(store, 0, "chat")
    found = await store.standing()
    assert [each.channel for each in found.firing] == ["chat"]
    assert found.over == ()
