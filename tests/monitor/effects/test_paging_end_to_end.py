"""Outbox, webhook and store together, against a real HTTP server that misbehaves."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL

from glasswatch.clock import SystemClock
from monitor.channels.context import ChannelContext
from monitor.channels.webhook import make
from monitor.lane import Pace
from monitor.model.page import PageKind, PageStatus
from monitor.model.record import Commit, DeliveryState
from monitor.model.state import PlatformState
from monitor.outbox import Outbox, OutboxContext
from monitor.ports import Channel, Store
from monitor.settings.paging import WebhookSettings
from monitor.store.store import make_store
from monitor.storegate import StoreGate
from tests.support.channels import CountingObserver
from tests.support.memory_store import Disk
from tests.support.pages import CONTEXT, page, routed
from tests.support.paging import QUICK, PagingLife
from tests.support.receiver import Answer, Behaviour, Close, Garbage, Hang, HugeBody, Receiver, Reset, receiving
from tests.support.waiting import until

MISCHIEF: tuple[Behaviour, ...] = (
    Answer(),
    Answer(),
    Answer(500),
    Answer(429, headers={"Retry-After": "0"}),
    Answer(400),
    Hang(),
    Reset(),
    Close(),
    Garbage(),
    HugeBody(size=1024 * 1024),
)
PACE = replace(QUICK, retry=replace(QUICK.retry, refusals_until_given_up=1000))


def webhook(receiver: Receiver, patience: timedelta = timedelta(seconds=30)) -> Channel:
    """Return a webhook."""
    settings = WebhookSettings(url=receiver.url, timeout=patience)
    return make("ops", settings, ChannelContext(SystemClock(), lambda _: CONTEXT))


async def seen_or_done(receiver: Receiver, count: int, outbox: Outbox) -> None:
    """Wait until the receiver has seen so many requests, or nothing is pending."""
    await until(lambda: len(receiver.received) >= count or outbox.pending == 0)


@pytest.mark.parametrize("seed", range(4))
async def test_every_page_arrives_in_order_over_http(seed: int) -> None:
    """Through every kind of answer and a kill at any moment each page is taken, firing before resolved."""
    dice = random.Random(seed)
    expected = [f"{key}/{status}" for key in "abc" for status in PageStatus]
    disk = Disk()
    async with receiving() as receiver:
        receiver.script.extend(dice.choice(MISCHIEF) for _ in range(25))
        # One that runs into it, for whatever reason, is tried again: what must hold is the same.
        channels: Mapping[str, Channel] = {"ops": webhook(receiver, timedelta(milliseconds=150))}
        life = PagingLife(channels, disk, pace=PACE)
        await life.start()
        for key in "abc":
            await life.decide(routed(page(key)), routed(page(key, PageStatus.RESOLVED)))
            await seen_or_done(receiver, len(receiver.received) + dice.randrange(1, 5), life.outbox)
            await life.kill()
            life = PagingLife(channels, disk, pace=PACE)
            await life.start()
        receiver.script.clear()
        await until(lambda: life.outbox.pending == 0)
        await life.outbox.stop()

        taken = [got.headers["webhook-id"].rpartition("/")[0] for got in receiver.accepted]
    assert sorted(set(taken)) == sorted(expected)
    for key in "abc":
        firsts = list(dict.fromkeys(each for each in taken if each.startswith(f"{key}/")))
        assert firsts == [f"{key}/firing", f"{key}/resolved"]
    assert {delivery.state for delivery in disk.deliveries.values()} == {DeliveryState.SENT}


@asynccontextmanager
async def running(store: Store, receiver: Receiver) -> AsyncIterator[Outbox]:
    """Run an outbox on a real store; at the end it stops as the daemon stops it."""
    await store.open()
    gate = StoreGate(lambda _is_open, _why: None)
    channel = webhook(receiver)
    outbox = Outbox(
        {"ops": channel},
        OutboxContext(store, gate, SystemClock(), lambda _: ("ops",), CountingObserver(), Pace(QUICK.retry)),
    )
    await outbox.start()
    try:
        yield outbox
    finally:
        await outbox.stop(timedelta(milliseconds=100))
        await store.close()


async def test_real_store_keeps_pages_across_a_restart(tmp_path: Path) -> None:
    """On SQLite: what didn't get through in one life gets through in the next, under its id, and then never again."""
    url = URL.create("sqlite", database=str(tmp_path / "glasswatch.db"))
    firing, resolved = page("k"), page("k", PageStatus.RESOLVED)
    pages = (routed(firing), routed(resolved))
    commit = Commit("payments", 0, SystemClock().now(), PlatformState("payments"), (), (), None, pages, ())
    async with receiving(default=Answer(503)) as receiver:
        first = make_store(url, deployment="prod", vantage="fra-1", clock=SystemClock())
        async with running(first, receiver) as outbox:
            await first.commit(commit)
            for each in pages:
                outbox.submit(each)
            await receiver.wait_for(3)
        assert receiver.accepted == []

        receiver.default = Answer()
        for _ in range(2):
            store = make_store(url, deployment="prod", vantage="fra-1", clock=SystemClock())
            async with running(store, receiver) as outbox:
                await seen_or_done(receiver, 1000, outbox)

    assert [got.headers["webhook-id"] for got in receiver.accepted] == [firing.id, resolved.id]


async def test_refused_page_is_not_found_again_in_the_real_store(tmp_path: Path) -> None:
    """On SQLite: a page that was given up stays given up after a restart."""
    ticket = page(kind=PageKind.DEGRADED)
    url = URL.create("sqlite", database=str(tmp_path / "glasswatch.db"))
    commit = Commit("payments", 0, SystemClock().now(), PlatformState("payments"), (), (), None, (routed(ticket),), ())
    async with receiving(default=Answer(400)) as receiver:
        store = make_store(url, deployment="prod", vantage="fra-1", clock=SystemClock())
        async with running(store, receiver) as outbox:
            await store.commit(commit)
            outbox.submit(routed(ticket))
            await until(lambda: outbox.pending == 0)
        again = make_store(url, deployment="prod", vantage="fra-1", clock=SystemClock())
        async with running(again, receiver) as outbox:
            assert outbox.pending == 0

    assert len(receiver.received) == QUICK.retry.refusals_until_given_up
