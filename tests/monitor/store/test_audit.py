"""The audit chain as stored: sound after any history, and every edit shows."""

import pytest

from glasswatch.chain import Damage
from monitor.store import store as store_module
from tests.support.commits import story
from tests.support.stores import StorePlace

EDITS = [
    ("an edited entry", "UPDATE audit SET entry = replace(entry, 'monitor', 'nobody') WHERE seq = 4", 4, Damage.EDIT),
    ("an entry that is no JSON", "UPDATE audit SET entry = '{' WHERE seq = 4", 4, Damage.EDIT),
    ("an entry without its members", "UPDATE audit SET entry = '{}' WHERE seq = 4", 4, Damage.EDIT),
    ("an edited actor", "UPDATE audit SET actor = 'nobody' WHERE seq = 4", 4, Damage.EDIT),
    ("an edited kind", "UPDATE audit SET kind = 'nothing' WHERE seq = 4", 4, Damage.EDIT),
    ("an edited time", "UPDATE audit SET at = at + 1 WHERE seq = 4", 4, Damage.EDIT),
    ("an edited platform", "UPDATE audit SET platform = NULL WHERE seq = 4", 4, Damage.EDIT),
    ("an edited hash", "UPDATE audit SET hash = prev WHERE seq = 4", 4, Damage.EDIT),
    ("an edited link", "UPDATE audit SET prev = hash WHERE seq = 4", 4, Damage.EDIT),
    ("a removed entry", "DELETE FROM audit WHERE seq = 4", 5, Damage.GAP),
    ("a removed beginning", "DELETE FROM audit WHERE seq < 4", 4, Damage.GAP),
]


@pytest.mark.parametrize(("edit", "seq", "damage"), [edit[1:] for edit in EDITS], ids=[edit[0] for edit in EDITS])
async def test_an_edit_shows(place: StorePlace, edit: str, seq: int, damage: Damage) -> None:
    """The first entry that isn't what was written is named."""
    store = place.store()
    await store.open()
    for commit in story():
        await store.commit(commit)
    assert await store.verify_audit() is None
    place.sql(f"{edit} AND vantage = :vantage")
    problem = await store.verify_audit()
    assert problem is not None
    assert (problem.seq, problem.damage) == (seq, damage)


async def test_a_long_chain_is_read_in_parts(place: StorePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every entry is looked at, whatever the size of a part."""
    monkeypatch.setattr(store_module, "_ENTRIES", 5)
    store = place.store()
    await store.open()
    for name in ("payments", "ledger"):
        for commit in story(name):
            await store.commit(commit)
    assert await store.verify_audit() is None
    last = place.count("audit")
    place.sql("UPDATE audit SET kind = 'nothing' WHERE vantage = :vantage AND seq = :seq", seq=last)
    problem = await store.verify_audit()
    assert problem is not None
    assert problem.seq == last


async def test_an_empty_chain_is_sound(place: StorePlace) -> None:
    """Nothing written, nothing wrong."""
    store = place.store()
    await store.open()
    assert await store.verify_audit() is None
