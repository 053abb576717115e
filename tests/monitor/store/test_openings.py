"""What journeys opened: on record until it is closed, each vantage's and each probe's by itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.errors import StoreUnavailable
from monitor.model.record import AuditEntry
from monitor.model.residue import Gone
from monitor.probes.books import MemoryBook, StoreBook
from platforms.errors import NotKept
from platforms.journey.model import Opening, OpenState
from platforms.journey.ports import Book
from tests.support.commits import at
from tests.support.stores import StorePlace

KEPT = {"request": '"req-1"', "odd": '"\\u0000 \\ud83d\\ude00 ${x}"'}
FIRST = Opening("run-1", "request", at(0))
SECOND = Opening("run-2", "request", at(60), OpenState.OPEN, KEPT, 1, at(61), "use_refused", 3, at(120))


async def test_what_is_kept_comes_back_as_it_was(place: StorePlace) -> None:
    """Every member, oldest first; kept again, it is replaced; closed, it is gone."""
    store = place.store()
    await store.open()
    await store.keep_opening("payments", "access", SECOND)
    await store.keep_opening("payments", "access", FIRST)
    assert await store.openings("payments", "access") == [FIRST, SECOND]
    later = replace(SECOND, tries=4, again_at=at(240))
    await store.keep_opening("payments", "access", later)
    await store.keep_opening("payments", "access", replace(FIRST, state=OpenState.CLOSED))
    assert await store.openings("payments", "access") == [later]
    assert place.count("openings") == 1


async def test_it_is_there_after_the_store_was_left_as_a_killed_process_leaves_it(place: StorePlace) -> None:
    """What was answered was written."""
    store = place.store()
    await store.open()
    await store.keep_opening("payments", "access", FIRST)
    await store.close()
    again = place.store()
    await again.open()
    assert await again.openings("payments", "access") == [FIRST]
    assert await again.every_opening() == [("payments", "access", "run-1", "request")]


async def test_each_probe_has_its_own(place: StorePlace) -> None:
    """Nobody closes what another opened."""
    store = place.store()
    await store.open()
    await store.keep_opening("payments", "access", FIRST)
    assert await store.openings("payments", "other") == []
    assert await store.openings("ledger", "access") == []


async def test_one_that_is_damaged_does_not_hide_the_others(place: StorePlace) -> None:
    """It is logged and left out."""
    store = place.store()
    await store.open()
    for opening in (FIRST, SECOND):
        await store.keep_opening("payments", "access", opening)
    place.sql("UPDATE openings SET record = '{}' WHERE run = 'run-1' AND vantage = :vantage")
    assert await store.openings("payments", "access") == [SECOND]


async def test_a_store_that_is_not_open_keeps_nothing(place: StorePlace) -> None:
    """The book says so in the engine's own terms; its cause is kept."""
    book = StoreBook(place.store(), "payments", "access")
    for call in (book.openings(), book.keep(FIRST)):
        with pytest.raises(NotKept) as caught:
            await call
        assert isinstance(caught.value.__cause__, StoreUnavailable)


@pytest.mark.parametrize("kind", ["store", "memory"])
async def test_every_book_keeps_and_forgets_alike(place: StorePlace, kind: str) -> None:
    """The engine can't tell them apart."""
    store = place.store()
    await store.open()
    book: Book = StoreBook(store, "payments", "access") if kind == "store" else MemoryBook()
    for opening in (FIRST, SECOND, replace(FIRST, state=OpenState.OPEN)):
        await book.keep(opening)
    assert list(await book.openings()) == [replace(FIRST, state=OpenState.OPEN), SECOND]
    await book.keep(replace(SECOND, state=OpenState.CLOSED, at=at(0) + timedelta(days=1)))
    assert [opening.run for opening in await book.openings()] == ["run-1"]


GONE = Gone("payments", "access", "run-2", None, "anna", "anna-cli", "withdrawn by hand")
ENTRY = AuditEntry("residue_forgotten", "anna", {"run": "run-2"}, at(200))


async def test_what_a_person_says_is_gone_is_forgotten_with_its_audit(place: StorePlace) -> None:
    """In one transaction; others stay, and an attempt that had it in its hands doesn't write it back."""
    store = place.store()
    loaded = await store.open()
    for opening in (FIRST, SECOND):
        await store.keep_opening("payments", "access", opening)
    steps, head = await store.forget_openings(GONE, ENTRY)
    assert steps == ["request"]
    assert head.seq == loaded.chain.seq + 1
    assert await store.openings("payments", "access") == [FIRST]
    await store.keep_opening("payments", "access", replace(SECOND, tries=4))
    assert await store.openings("payments", "access") == [FIRST]
    assert await store.verify_audit() is None


@pytest.mark.parametrize(
    "gone",
    [
        replace(GONE, run="run-3"),
        replace(GONE, step="other"),
        replace(GONE, platform="ledger"),
        replace(GONE, probe="other"),
    ],
)
async def test_what_is_not_on_record_is_not_audited(place: StorePlace, gone: Gone) -> None:
    """Nothing is forgotten that was not named exactly."""
    store = place.store()
    loaded = await store.open()
    await store.keep_opening("payments", "access", SECOND)
    assert await store.forget_openings(gone, ENTRY) == ([], loaded.chain)
    assert await store.openings("payments", "access") == [SECOND]
