"""Refused writes on their whole way: from a request to the chain of a real store, which stays sound."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from monitor.auditor import Auditor
from monitor.settle import Chain
from monitor.storegate import StoreGate
from monitor.web.app import Desk
from tests.support.commits import story
from tests.support.desk import Counter, bearer, token
from tests.support.face import World
from tests.support.siege import stopped
from tests.support.stores import StorePlace
from tests.support.waiting import until


async def test_what_is_refused_stands_on_a_sound_chain(place: StorePlace) -> None:
    """Among the monitor's own entries, with who, what, from where and which code; the last ones at the end."""
    store = place.store()
    chain = Chain((await store.open()).chain)
    gate = StoreGate(lambda _is_open, _why: None)
    auditor = Auditor(store, gate, chain)
    counter = Counter(World())
    counter.give(token("gwt_of_anna", "drill"))
    desk = Desk(counter.world.site, replace(counter.world.sources(), note=auditor.note))
    running = asyncio.create_task(auditor.run())
    async with counter.client("192.0.2.7", desk) as client:
        await client.post("/order", json={"reason": "hunter2"}, headers=bearer("gwt_wrong"))
        await until(lambda: chain.head.seq == 1)
        await store.commit(story()[0])
        await client.post("/order", content=b"hunter2", headers=bearer("gwt_of_anna"))
    await stopped([running])
    await auditor.finish(timedelta(seconds=5))
    assert await store.verify_audit() is None
    rows = place.sql("SELECT actor, entry FROM audit WHERE vantage = :vantage AND kind = 'write_refused' ORDER BY seq")
    assert [row["actor"] for row in rows] == ["nobody", "anna"]
    assert ['"code":"unauthorized"' in rows[0]["entry"], '"code":"unsupported_media"' in rows[1]["entry"]] == [
        True,
        True,
    ]
    assert all('"client":"192.0.2.7"' in row["entry"] for row in rows)
    assert not any(secret in str(rows) for secret in ("hunter2", "gwt_"))
