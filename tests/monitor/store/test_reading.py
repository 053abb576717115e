"""Reading a store without taking part in it, on either database."""

import pytest
from sqlalchemy import text

from monitor.errors import StoreError, StoreUnavailable, StoreUnusable
from monitor.store import reading as reading_module
from monitor.store.identity import Identity
from monitor.store.reading import Reading
from tests.support.commits import story
from tests.support.stores import DEPLOYMENT, StorePlace


def _reading(place: StorePlace, **changes: str) -> Reading:
    return Reading(
        place.url, Identity(**{"deployment": DEPLOYMENT, "vantage": place.vantage, "run": "look", **changes})
    )


async def test_it_reads_chain_and_documents_beside_a_monitor(
    place: StorePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All entries in order, in parts, and every document that carried a change; of this vantage alone."""
    monkeypatch.setattr(reading_module, "_ENTRIES", 3)
    store = place.store()
    await store.open()
    ends = [await store.commit(commit) for commit in story()]
    reading = _reading(place)
    try:
        reading.check()
        entries = list(reading.entries())
        documents = reading.documents()
    finally:
        reading.close()
        reading.close()
    assert [entry.seq for entry in entries] == list(range(1, place.count("audit") + 1))
    assert entries[-1].hash == ends[-1].head
    assert len(documents) == place.count("flag_documents") > 0


async def test_it_cannot_write(place: StorePlace) -> None:
    """The database refuses, whatever we would try."""
    store = place.store()
    await store.open()
    reading = _reading(place)
    try:
        with pytest.raises(StoreError):
            reading._read(lambda connection: connection.execute(text("DELETE FROM audit")))
    finally:
        reading.close()


async def test_another_deployments_store_is_refused(place: StorePlace) -> None:
    """Its chain says nothing of ours."""
    await place.store().open()
    reading = _reading(place, deployment="other")
    try:
        with pytest.raises(StoreUnusable, match="made for the deployment prod, not other"):
            reading.check()
    finally:
        reading.close()


async def test_a_file_that_a_monitor_opens_meanwhile_is_not_believed(file_place: StorePlace) -> None:
    """What is read under its hands may be half of one thing and half of another: nothing is found in it."""
    store = file_place.store()
    await store.open()
    await store.close()
    reading = _reading(file_place)
    try:
        reading.check()
        await file_place.store().open()
        with pytest.raises(StoreUnavailable, match="opened by a monitor meanwhile"):
            list(reading.entries())
    finally:
        reading.close()
