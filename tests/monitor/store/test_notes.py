"""Entries of the audit that stand by themselves: on the chain, in order, once."""

from datetime import timedelta

import pytest

from monitor.errors import StoreUnavailable
from monitor.model.record import AuditEntry
from tests.support.broken_database import AnswerLost, Broken, unavailable
from tests.support.clock import START
from tests.support.commits import story
from tests.support.stores import StorePlace


def noted(*numbers: int, platform: str | None = None) -> list[tuple[str | None, AuditEntry]]:
    """Return refused writes."""
    return [
        (platform, AuditEntry("write_refused", "nobody", {"number": number}, START + timedelta(seconds=number)))
        for number in numbers
    ]


async def test_they_stand_on_the_chain_among_the_others(place: StorePlace) -> None:
    """Each with its platform, in the order given; the chain stays sound."""
    store = place.store()
    await store.open()
    commits = story()
    await store.commit(commits[0])
    before = place.count("audit")
    head = await store.note([*noted(1, 2), *noted(3, platform="payments"), *noted(4)])
    assert head.seq == before + 4
    await store.commit(commits[1])
    assert await store.verify_audit() is None
    rows = place.sql(
        "SELECT platform, actor FROM audit WHERE vantage = :vantage AND kind = 'write_refused' ORDER BY seq"
    )
    assert [row["platform"] for row in rows] == [None, None, "payments", None]
    assert {row["actor"] for row in rows} == {"nobody"}


async def test_all_of_them_or_none(place: StorePlace) -> None:
    """A failure in the middle leaves nothing."""
    store = place.store()
    await store.open()
    broken = Broken(store, unavailable(place), "INSERT INTO audit")
    entries = [*noted(1), *noted(2, platform="payments")]
    with pytest.raises(StoreUnavailable):
        await store.note(entries)
    broken.heal()
    assert place.count("audit") == 0
    await store.note(entries)
    assert place.count("audit") == 2
    assert await store.verify_audit() is None


async def test_a_lost_answer_writes_nothing_twice(place: StorePlace) -> None:
    """The same entries given again are recognised, also when others came in between."""
    store = place.store()
    await store.open()
    entries = noted(1, 2)
    lost = AnswerLost(store, unavailable(place))
    with pytest.raises(StoreUnavailable):
        await store.note(entries)
    assert lost.calls == 1
    await store.commit(story()[0])
    count = place.count("audit")
    head = await store.note(entries)
    assert (head.seq, place.count("audit")) == (count, count)
    await store.note(noted(1, 2))
    assert place.count("audit") == count + 2
    assert await store.verify_audit() is None
