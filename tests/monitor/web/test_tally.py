"""Sums are told a minute after they began, in virtual time."""

import asyncio

from monitor.model.record import AuditEntry
from monitor.web.tally import EVERY_SECONDS, Tally
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
