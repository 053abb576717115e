"""Sums are told a minute after they began, in virtual time."""

import asyncio

from monitor.model.record import AuditEntry
from monitor.web.tally import EVERY_SECONDS, SOURCES, Tally
from tests.support.clock import ManualClock
from tests.support.virtual_time import run


def test_a_sum_is_told_after_a_minute_and_begins_anew() -> None:
    """Each of those who ask has one."""
    noted: list[AuditEntry] = []

    async def story() -> None:
        tally = Tally(lambda entry, _platform: noted.append(entry), ManualClock())
        for _ in range(3):
            tally.add("nobody", "throttled", "192.0.2.1")
        tally.add("anna", "throttled", "192.0.2.2")
        await asyncio.sleep(EVERY_SECONDS - 1)
        assert noted == []
        await asyncio.sleep(2)
        assert [(entry.actor, entry.body["count"]) for entry in noted] == [("nobody", 3), ("anna", 1)]
        await asyncio.sleep(EVERY_SECONDS * 3)
        tally.add("nobody", "wrong_host", "192.0.2.3")
        await asyncio.sleep(EVERY_SECONDS + 1)
        tally.tell()

    run(story())
    assert [(entry.actor, entry.body["code"], entry.body["count"]) for entry in noted[2:]] == [
        ("nobody", "wrong_host", 1)
    ]


def test_one_address_is_an_entry_at_once_and_then_one_a_minute() -> None:
    """As long as it goes on; after a quiet minute its next is noted at once again. All of a network is one address."""
    firsts: list[bool] = []
    noted: list[int] = []

    async def story() -> None:
        tally = Tally(lambda entry, _platform: noted.append(int(str(entry.body["count"]))), ManualClock())
        firsts.extend(tally.is_first("nobody", "unauthorized", f"2001:db8::{number}") for number in range(3))
        await asyncio.sleep(EVERY_SECONDS + 1)
        firsts.append(tally.is_first("nobody", "unauthorized", "2001:db8::4"))
        await asyncio.sleep(EVERY_SECONDS + 1)
        assert noted == [2, 1]
        await asyncio.sleep(EVERY_SECONDS + 1)
        firsts.append(tally.is_first("nobody", "unauthorized", "2001:db8::1"))
        tally.close()
        tally.close()

    run(story())
    assert firsts == [True, False, False, False, True]
    assert noted == [2, 1]


def test_every_refusal_is_noted_or_counted() -> None:
    """However many addresses come in turn, for a quarter of an hour: a handful of entries a minute, none left out."""
    counts: list[int] = []
    at_once = 0

    async def story() -> None:
        nonlocal at_once
        tally = Tally(lambda entry, _platform: counts.append(int(str(entry.body["count"]))), ManualClock())
        for number in range(1_500):
            at_once += tally.is_first("nobody", "unauthorized", f"10.0.{number % 7}.{number % 250}")
            await asyncio.sleep(EVERY_SECONDS / 100)
        tally.close()

    run(story())
    assert at_once + sum(counts) == 1_500
    assert at_once + len(counts) <= 15 * (2 * SOURCES + 1)
